package dev.espalier.formats.onnx;

import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongBinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Computes, while a file is read, the whole numbers that exporters derive from shapes with nodes of their own (Shape, Gather,
 * Concat and their kin), so that a Reshape to such numbers becomes one to constants.
 *
 * <p>The open batch is carried along as a symbol of its own; only moving it is allowed, not calculating with it.
 */
final class ShapeArithmetic {
    /** Stands for the open batch among known numbers. */
    private static final long BATCH = Long.MIN_VALUE;

    private static final Set<String> TYPES = Set.of(
            "Shape",
            "Gather",
            "Unsqueeze",
            "Squeeze",
            "Concat",
            "Slice",
            "Cast",
            "Identity",
            "Mul",
            "Add",
            "Sub",
            "Div");

    private final Map<String, long[]> known = new HashMap<>();

    /**
     * Computes the node if it is of this kind and all that goes into it is known.
     *
     * @param types types of values computed so far
     * @param constants constant tensors by name
     * @return whether the node is done with
     */
    boolean fold(
            String type,
            List<String> inputs,
            String output,
            Map<String, Attribute> attributes,
            Map<String, TensorType> types,
            Map<String, TensorValue> constants) {
        if (!TYPES.contains(type)) {
            return false;
        }
        if (type.equals("Shape")) {
            return shape(output, attributes, types.get(inputs.get(0)));
        }
        List<long[]> in = new ArrayList<>();
        for (String input : inputs) {
            Optional<long[]> numbers = numbers(input, constants);
            if (numbers.isEmpty()) {
                return false;
            }
            in.add(numbers.get());
        }
        long[] out = compute(type, in);
        if (out == null) {
            return false;
        }
        known.put(output, out);
        return true;
    }

    /** The target of a Reshape as an attribute: the batch becomes 0, "copy", at its own place and -1, "what is left", elsewhere. */
    Optional<Attribute> target(String value) {
        long[] numbers = known.get(value);
        if (numbers == null) {
            return Optional.empty();
        }
        long[] target = numbers.clone();
        for (int i = 0; i < target.length; i++) {
            if (target[i] == BATCH) {
                target[i] = i == 0 ? 0 : -1;
            }
        }
        return Optional.of(Ints.of(target));
    }

    private boolean shape(String output, Map<String, Attribute> attributes, @Nullable TensorType type) {
        if (type == null) {
            return false;
        }
        int rank = type.rank();
        int start = bound(attributes, "start", 0, rank);
        int end = Math.max(start, bound(attributes, "end", rank, rank));
        long[] dims = new long[end - start];
        for (int i = start; i < end; i++) {
            dims[i - start] = type.dim(i) == -1 ? BATCH : type.dim(i);
        }
        known.put(output, dims);
        return true;
    }

    private static int bound(Map<String, Attribute> attributes, String name, int otherwise, int rank) {
        if (attributes.get(name) instanceof Attribute.Int given) {
            long value = given.value() < 0 ? given.value() + rank : given.value();
            return (int) Math.max(0, Math.min(rank, value));
        }
        return otherwise;
    }

    private Optional<long[]> numbers(String value, Map<String, TensorValue> constants) {
        long[] numbers = known.get(value);
        if (numbers != null) {
            return Optional.of(numbers);
        }
        TensorValue constant = constants.get(value);
        if (constant == null
                || constant.dtype().isFloating()
                || constant.shape().rank() > 1) {
            return Optional.empty();
        }
        return Optional.of(constant.toLongs());
    }

    private static long @Nullable [] compute(String type, List<long[]> in) {
        return switch (type) {
            case "Gather" -> gather(in.get(0), in.get(1));
            case "Concat" -> in.stream().flatMapToLong(Arrays::stream).toArray();
            case "Slice" -> slice(in);
            case "Mul" -> combine(in, Math::multiplyExact);
            case "Add" -> combine(in, Math::addExact);
            case "Sub" -> combine(in, Math::subtractExact);
            case "Div" -> in.get(1).length == 1 && in.get(1)[0] == 0 ? null : combine(in, (a, b) -> a / b);
            default -> in.get(0); // Unsqueeze, Squeeze, Cast, Identity: the numbers stay
        };
    }

    private static long @Nullable [] gather(long[] from, long[] indices) {
        long[] out = new long[indices.length];
        for (int i = 0; i < out.length; i++) {
            long at = indices[i] < 0 ? indices[i] + from.length : indices[i];
            if (at < 0 || at >= from.length) {
                return null;
            }
            out[i] = from[(int) at];
        }
        return out;
    }

    /** Inputs: numbers, starts, ends and optionally axes (0) and steps (1). */
    private static long @Nullable [] slice(List<long[]> in) {
        long[] from = in.get(0);
        boolean plain = in.get(1).length == 1
                && in.get(2).length == 1
                && (in.size() < 4 || in.get(3)[0] == 0)
                && (in.size() < 5 || in.get(4)[0] == 1);
        if (!plain) {
            return null;
        }
        int start = clamp(in.get(1)[0], from.length);
        int end = Math.max(start, clamp(in.get(2)[0], from.length));
        return Arrays.copyOfRange(from, start, end);
    }

    private static int clamp(long index, int length) {
        return (int) Math.max(0, Math.min(length, index < 0 ? index + length : index));
    }

    private static long @Nullable [] combine(List<long[]> in, LongBinaryOperator operator) {
        long[] a = in.get(0);
        long[] b = in.get(1);
        if (a.length != b.length && a.length != 1 && b.length != 1) {
            return null;
        }
        long[] out = new long[Math.max(a.length, b.length)];
        for (int i = 0; i < out.length; i++) {
            long x = a[a.length == 1 ? 0 : i];
            long y = b[b.length == 1 ? 0 : i];
            if (x == BATCH || y == BATCH) {
                return null;
            }
            out[i] = operator.applyAsLong(x, y);
        }
        return out;
    }
}
