package dev.espalier.formats.onnx;

import dev.espalier.formats.TensorBytes;
import dev.espalier.formats.onnx.Sizes.Size;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Computes, while a file is read, the whole numbers that exporters derive from shapes with nodes of their own (Shape, Gather,
 * Concat and their kin), so that a Reshape to such numbers becomes one to constants.
 *
 * <p>The open batch is carried along as a symbol that can be moved, multiplied and divided; what is known in the end becomes a
 * constant of the file. What takes more numbers than are allowed is left to others, as if it were unknown.
 */
final class ShapeArithmetic {
    /** A shape has some ten numbers, a table of positions that one is cut from some thousand. */
    private static final int LONGEST = 4096;

    /**
     * All operands together may have so many numbers, each of which takes some hundred bytes: eight of the longest, beside
     * {@value #EACH} for every node, which takes some twenty bytes of its file.
     */
    private static final long MOST = 8L * LONGEST;

    private static final long EACH = 16;

    private static final Set<String> TYPES = Set.of(
            "Gather",
            "Unsqueeze",
            "Squeeze",
            "Reshape",
            "Concat",
            "Slice",
            "Cast",
            "Identity",
            "Mul",
            "Add",
            "Sub",
            "Div",
            "Mod",
            "Equal",
            "Where",
            "ReduceProd");

    private final Map<String, TensorType> types;
    private final Map<String, TensorValue> constants;
    private final Map<String, Sizes> open = new HashMap<>();
    private long left = MOST;

    /** Reads the types of values and the constants known so far, and adds to the latter. */
    ShapeArithmetic(Map<String, TensorType> types, Map<String, TensorValue> constants) {
        this.types = types;
        this.constants = constants;
    }

    /** The numbers of a value of which some depend on the batch. */
    Optional<Sizes> find(String value) {
        return Optional.ofNullable(open.get(value));
    }

    /** Whether an operator is given such numbers, or asks for a shape. */
    boolean concerns(Call call) {
        return call.type().equals("Shape") || call.inputs().stream().anyMatch(open::containsKey);
    }

    /**
     * Computes the node if it is of this kind and all that goes into it is known.
     *
     * @return whether the node is done with
     */
    boolean fold(Call call) {
        if (call.inputs().isEmpty() || call.outputs().size() != 1) {
            return false;
        }
        left += EACH;
        if (call.type().equals("Shape") || call.type().equals("Size")) {
            return shape(call);
        }
        if (!TYPES.contains(call.type())) {
            return false;
        }
        List<Sizes> in = new ArrayList<>();
        for (String input : call.inputs()) {
            Sizes numbers = numbers(input);
            if (numbers == null) {
                return false;
            }
            in.add(numbers);
        }
        if (call.type().equals("Equal")) {
            return equal(call.outputs().get(0), in);
        }
        Sizes out = compute(call, in);
        if (out == null) {
            return false;
        }
        put(call.outputs().get(0), out, in);
        return true;
    }

    private void put(String output, Sizes out, List<Sizes> in) {
        if (out.isKnown()) {
            constants.put(output, out.toConstant());
            return;
        }
        String source = in.stream()
                .map(Sizes::source)
                .filter(s -> !s.isEmpty())
                .findFirst()
                .orElse(out.source());
        open.put(output, new Sizes(out.scalar(), out.values(), source));
    }

    private boolean shape(Call call) {
        String input = call.inputs().get(0);
        TensorValue constant = constants.get(input);
        TensorType type = constant == null ? types.get(input) : new TensorType(constant.dtype(), constant.shape());
        if (type == null || !affords(type.rank())) {
            return false;
        }
        List<Size> dims = new ArrayList<>();
        for (long dim : type.shape().toArray()) {
            dims.add(dim < 0 ? new Size(-dim, true) : Size.of(dim));
        }
        if (call.type().equals("Size")) {
            put(call.outputs().get(0), product(dims, input), List.of());
            return true;
        }
        int start = bound(call, "start", 0, dims.size());
        int end = Math.max(start, bound(call, "end", dims.size(), dims.size()));
        put(call.outputs().get(0), new Sizes(false, dims.subList(start, end), input), List.of());
        return true;
    }

    private static Sizes product(List<Size> values, String source) {
        return new Sizes(true, List.of(values.stream().reduce(Size.of(1), Size::times)), source);
    }

    private static int bound(Call call, String name, int otherwise, int rank) {
        long value = call.integer(name, otherwise);
        return (int) Math.max(0, Math.min(rank, value < 0 ? value + rank : value));
    }

    private @Nullable Sizes numbers(String value) {
        Sizes numbers = open.get(value);
        if (numbers != null) {
            return affords(numbers.values().size()) ? numbers : null;
        }
        TensorValue constant = constants.get(value);
        boolean whole = constant != null
                && (constant.dtype() == DType.I64 || constant.dtype() == DType.BOOL)
                && constant.shape().rank() <= 1
                && affords(constant.shape().numel());
        return whole && constant != null ? Sizes.of(constant) : null;
    }

    /** Whether so many numbers may still be calculated with, which counts them. */
    private boolean affords(long count) {
        boolean enough = count <= LONGEST && count <= left;
        left -= enough ? count : 0;
        return enough;
    }

    private static @Nullable Sizes compute(Call call, List<Sizes> in) {
        Sizes x = in.get(0);
        return switch (call.type()) {
            case "Identity" -> x;
            case "Cast" -> call.integer("to", 0) == ElementTypes.code(DType.I64) ? x : null;
            case "Unsqueeze" -> x.scalar() ? new Sizes(false, x.values(), "") : null;
            case "Squeeze" -> !x.scalar() && x.values().size() == 1 ? new Sizes(true, x.values(), "") : null;
            case "Reshape" -> reshape(x, in.get(1));
            case "Gather" -> gather(x, in.get(1));
            case "Concat" -> concat(in);
            case "Slice" -> slice(in);
            case "Mul" -> combine(in, Size::times);
            case "Add" -> combine(in, (a, b) -> a.plus(b, 1).orElse(null));
            case "Sub" -> combine(in, (a, b) -> a.plus(b, -1).orElse(null));
            case "Div" -> combine(in, (a, b) -> a.dividedBy(b).orElse(null));
            case "Mod" -> combine(in, ShapeArithmetic::remainder);
            case "Where" -> where(in);
            case "ReduceProd" -> {
                Sizes all = product(x.values(), "");
                yield new Sizes(x.scalar() || call.integer("keepdims", 1) == 0, all.values(), "");
            }
            default -> null;
        };
    }

    /** A multiple of the batch leaves nothing where the divisor divides its factor. */
    private static @Nullable Size remainder(Size a, Size b) {
        if (b.batch() || b.factor() == 0) {
            return null;
        }
        long rest = Math.floorMod(a.factor(), b.factor());
        return a.batch() && rest != 0 ? null : Size.of(rest);
    }

    private static @Nullable Sizes reshape(Sizes x, Sizes target) {
        boolean fits = target.isKnown()
                && (target.values().isEmpty()
                        ? x.values().size() == 1
                        : target.values().size() == 1
                                && (target.values().get(0).factor() == -1
                                        || target.values().get(0).factor()
                                                == x.values().size()));
        return fits ? new Sizes(target.values().isEmpty(), x.values(), "") : null;
    }

    private static @Nullable Sizes gather(Sizes from, Sizes indices) {
        List<Size> out = new ArrayList<>();
        for (Size index : indices.values()) {
            long at = index.factor() < 0 ? index.factor() + from.values().size() : index.factor();
            if (index.batch() || from.scalar() || at < 0 || at >= from.values().size()) {
                return null;
            }
            out.add(from.values().get((int) at));
        }
        return new Sizes(indices.scalar(), out, "");
    }

    /** The one operator whose result is longer than each of its operands, so that it can double without end. */
    private static @Nullable Sizes concat(List<Sizes> in) {
        long count = in.stream().mapToLong(part -> part.values().size()).sum();
        return count > LONGEST || in.stream().anyMatch(Sizes::scalar)
                ? null
                : new Sizes(
                        false,
                        in.stream().flatMap(part -> part.values().stream()).toList(),
                        "");
    }

    /** Inputs: numbers, starts, ends and optionally axes (0) and steps (1). */
    private static @Nullable Sizes slice(List<Sizes> in) {
        int length = in.get(0).values().size();
        boolean plain = !in.get(0).scalar()
                && in.size() >= 3
                && in.stream().skip(1).allMatch(s -> s.isKnown() && s.values().size() == 1);
        long step = in.size() < 5 ? 1 : in.get(4).values().get(0).factor();
        if (!plain || step < 1) {
            return null;
        }
        int start = clamp(in.get(1).values().get(0).factor(), length);
        int end = clamp(in.get(2).values().get(0).factor(), length);
        List<Size> out = new ArrayList<>();
        for (long i = start; i < end; i += step) {
            out.add(in.get(0).values().get((int) i));
            if (step > length) {
                break;
            }
        }
        return new Sizes(false, out, "");
    }

    private static int clamp(long index, int length) {
        return (int) Math.max(0, Math.min(length, index < 0 ? index + length : index));
    }

    private static @Nullable Sizes combine(List<Sizes> in, BinaryOperator<@Nullable Size> operator) {
        int count = broadcast(in);
        List<Size> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Size value = operator.apply(at(in.get(0), i), at(in.get(1), i));
            if (value == null) {
                return null;
            }
            out.add(value);
        }
        return count < 0 ? null : new Sizes(in.stream().allMatch(Sizes::scalar), out, "");
    }

    private static @Nullable Sizes where(List<Sizes> in) {
        int count = broadcast(in);
        List<Size> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Size condition = at(in.get(0), i);
            if (condition.batch()) {
                return null;
            }
            out.add(at(in.get(condition.factor() != 0 ? 1 : 2), i));
        }
        return count < 0 ? null : new Sizes(in.stream().allMatch(Sizes::scalar), out, "");
    }

    /** A positive multiple of the batch equals no number below one. */
    private boolean equal(String output, List<Sizes> in) {
        int count = broadcast(in);
        byte[] out = new byte[Math.max(count, 0)];
        for (int i = 0; i < count; i++) {
            Size a = at(in.get(0), i);
            Size b = at(in.get(1), i);
            if (a.batch() != b.batch() && (a.batch() ? b : a).factor() > 0) {
                return false;
            }
            out[i] = (byte) (a.equals(b) ? 1 : 0);
        }
        boolean scalar = in.stream().allMatch(Sizes::scalar);
        if (count >= 0) {
            constants.put(
                    output, new TensorValue(DType.BOOL, scalar ? Shape.of() : Shape.of(count), ByteBuffer.wrap(out)));
        }
        return count >= 0;
    }

    private static Size at(Sizes sizes, int i) {
        return sizes.values().get(sizes.values().size() == 1 ? 0 : i);
    }

    /** How many numbers a calculation number by number gives, -1 where the operands do not fit. */
    private static int broadcast(List<Sizes> in) {
        int count = 1;
        for (Sizes sizes : in) {
            int own = sizes.values().size();
            if (own != 1) {
                if (count != 1 && count != own) {
                    return -1;
                }
                count = own;
            }
        }
        return count;
    }

    /** A number setting of a node that is not constant: what it may hold in place of the batch, a number for each axis. */
    Optional<Attribute> setting(Call call, String setting, Sizes sizes) {
        if (sizes.values().size() > TensorBytes.MAX_RANK) {
            return Optional.empty();
        }
        return switch (call.type() + "." + setting) {
            case "Reshape.shape" -> Optional.of(target(call, sizes));
            case "Expand.shape", "Tile.repeats", "Resize.sizes" ->
                sizes.withBatch().map(numbers -> numbers);
            default -> Optional.empty();
        };
    }

    /** The target of a Reshape: the batch becomes 0, "copy", at its own place and -1, "what is left", elsewhere. */
    private Attribute target(Call call, Sizes sizes) {
        TensorType x = types.get(call.inputs().get(0));
        List<Long> target = new ArrayList<>();
        for (int i = 0; i < sizes.values().size(); i++) {
            Size size = sizes.values().get(i);
            boolean stays = size.batch() && x != null && i < x.rank() && x.dim(i) == -size.factor();
            target.add(stays ? 0 : size.batch() ? -1 : size.factor());
        }
        return new Attribute.Ints(target);
    }
}
