package dev.espalier.formats.pytorch;

import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** How each operator is said in TorchScript, by calls of libtorch's own operators ({@code aten}). */
final class ScriptOperators {
    /** Operators with one result; null stands for settings that have no form. */
    private static final Map<String, Function<ScriptNode, Optional<String>>> RULES = new HashMap<>();

    static {
        for (String same : List.of(
                "Relu", "Sigmoid", "Tanh", "HardSwish", "Exp", "Log", "Sqrt", "Erf", "Neg", "Abs", "Floor", "Ceil")) {
            String function = same.toLowerCase(java.util.Locale.ROOT);
            rule(same, n -> n.call(function, n.in(0)));
        }
        rule("Identity", n -> n.in(0));
        rule("Dropout", n -> n.call("dropout", n.in(0), n.real("ratio", 0.5f), "self.training"));
        rule("Reciprocal", n -> n.call("reciprocal", n.in(0)));
        rule("LeakyRelu", n -> n.call("leaky_relu", n.in(0), n.real("alpha", 0.01f)));
        rule("Elu", n -> n.call("elu", n.in(0), n.real("alpha", 1)));
        rule("Selu", n -> n.call("selu", n.in(0)));
        rule("Softplus", n -> n.call("softplus", n.in(0)));
        rule("Softsign", n -> n.assign(n.in(0) + " / (1 + torch.abs(" + n.in(0) + "))"));
        rule(
                "Gelu",
                n -> n.assign("torch.gelu(" + n.in(0) + ", approximate=\"" + n.string("approximate", "none") + "\")"));
        rule(
                "HardSigmoid",
                n -> n.assign("torch.clamp(" + n.in(0) + " * " + ScriptNode.text(n.real("alpha", 0.2f)) + " + "
                        + ScriptNode.text(n.real("beta", 0.5f)) + ", 0., 1.)"));
        rule("PRelu", n -> n.call("where", n.in(0) + " < 0", n.in(0) + " * " + n.in(1), n.in(0)));
        real("Clip", n -> n.call("clamp", n.in(0), bound(n, "min"), bound(n, "max")));
        rule("Softmax", n -> n.call("softmax", n.in(0), n.axis("axis", -1), "None"));
        rule("LogSoftmax", n -> n.call("log_softmax", n.in(0), n.axis("axis", -1), "None"));
        for (Map.Entry<String, String> two : Map.of(
                        "Add",
                        "add",
                        "Sub",
                        "sub",
                        "Mul",
                        "mul",
                        "MatMul",
                        "matmul",
                        "Equal",
                        "eq",
                        "Greater",
                        "gt",
                        "Less",
                        "lt",
                        "GreaterOrEqual",
                        "ge")
                .entrySet()) {
            rule(two.getKey(), n -> n.call(two.getValue(), n.in(0), n.in(1)));
        }
        real("Div", n -> n.call("div", n.in(0), n.in(1)));
        real("Pow", n -> n.call("pow", n.in(0), n.in(1)));
        rule("Max", n -> chain(n, "maximum"));
        rule("Min", n -> chain(n, "minimum"));
        rule("Where", n -> n.call("where", n.in(0), n.in(1), n.in(2)));
        rule("Concat", n -> n.assign("torch.cat([" + String.join(", ", n.in()) + "], " + n.axis("axis", 0) + ")"));
        for (String moved : List.of("Reshape", "Flatten", "Squeeze", "Unsqueeze")) {
            rule(moved, n -> n.call("reshape", n.in(0), sizes(n.out().get(0))));
        }
        rule("Expand", ScriptOperators::expand);
        rule("Tile", n -> n.call("repeat", n.in(0), n.integers("repeats")));
        rule("Transpose", n -> n.call("permute", n.in(0), permutation(n)));
        rule("Cast", n -> n.call("to", n.in(0), scalarType(n.out().get(0).dtype())));
        rule("Gemm", ScriptOperators::gemm);
        maybe("Slice", ScriptOperators::slice);
        rule("Gather", ScriptOperators::gather);
        maybe("Pad", ScriptOperators::pad);
        maybe("DepthToSpace", ScriptOperators::depthToSpace);
        rule("SpaceToDepth", ScriptOperators::spaceToDepth);
        maybe("Resize", ScriptOperators::resize);
        maybe(
                "Einsum",
                n -> Optional.of(n.assign(
                        "torch.einsum(\"" + n.string("equation", "") + "\", [" + String.join(", ", n.in()) + "])")));
        for (Map.Entry<String, String> reduction : Map.of(
                        "ReduceMean", "mean", "ReduceSum", "sum", "ReduceMax", "amax", "ReduceMin", "amin")
                .entrySet()) {
            real(reduction.getKey(), n -> reduce(n, reduction.getValue()));
        }
        ScriptWindows.RULES.forEach(RULES::put);
    }

    private ScriptOperators() {}

    /** The shape with -1 for an open dimension, whatever it holds of each sample. */
    private static long[] sizes(TensorType type) {
        return Arrays.stream(type.shape().toArray()).map(d -> Math.max(d, -1)).toArray();
    }

    /** An open dimension is the input's own, which -1 keeps, or that of the batch that the second input tells. */
    private static String expand(ScriptNode n) {
        TensorType x = n.types().get(0);
        TensorType y = n.out().get(0);
        List<String> sizes = new ArrayList<>();
        for (int axis = 0; axis < y.rank(); axis++) {
            int own = axis - (y.rank() - x.rank());
            boolean kept = own >= 0 && x.dim(own) == y.dim(axis);
            sizes.add(kept ? "-1" : y.dim(axis) < 0 ? "torch.size(" + n.in(1) + ", 0)" : Long.toString(y.dim(axis)));
        }
        return n.call("expand", n.in(0), sizes);
    }

    private static void rule(String type, Function<ScriptNode, String> form) {
        RULES.put(type, node -> Optional.of(form.apply(node)));
    }

    /** Of whole numbers libtorch's result has another type. */
    private static void real(String type, Function<ScriptNode, String> form) {
        RULES.put(
                type,
                node -> node.types().get(0).dtype().isFloating() ? Optional.of(form.apply(node)) : Optional.empty());
    }

    private static void maybe(String type, Function<ScriptNode, Optional<String>> form) {
        RULES.put(type, form);
    }

    /** Expressions of the node's outputs, or empty where it has no form. */
    static Optional<List<String>> write(ScriptNode node) {
        if (node.type().equals("Split")) {
            return Optional.of(split(node));
        }
        Function<ScriptNode, Optional<String>> form = RULES.get(node.type());
        return form == null || node.out().size() != 1
                ? Optional.empty()
                : form.apply(node).map(List::of);
    }

    /** The number of {@code c10::ScalarType}. */
    private static int scalarType(DType dtype) {
        return switch (dtype) {
            case U8 -> 0;
            case I32 -> 3;
            case I64 -> 4;
            case F16 -> 5;
            case F32 -> 6;
            case F64 -> 7;
            case BOOL -> 11;
            case BF16 -> 15;
        };
    }

    private static String bound(ScriptNode n, String name) {
        return n.has(name) ? ScriptNode.text(n.real(name, 0)) : "None";
    }

    private static String chain(ScriptNode n, String function) {
        String value = n.in(0);
        for (int i = 1; i < n.in().size(); i++) {
            value = n.call(function, value, n.in(i));
        }
        return value;
    }

    private static long[] permutation(ScriptNode n) {
        long[] given = n.integers("perm");
        return given.length > 0
                ? given
                : LongStream.range(0, n.rank()).map(i -> n.rank() - 1 - i).toArray();
    }

    private static String gemm(ScriptNode n) {
        float alpha = n.real("alpha", 1);
        float beta = n.real("beta", 1);
        boolean turned = n.integer("transA", 0) != 0;
        boolean weight = n.integer("transB", 0) != 0;
        boolean plain = alpha == 1
                && beta == 1
                && !turned
                && weight
                && (!n.has(2) || n.types().get(2).rank() == 1);
        if (plain) {
            return n.call("linear", n.in(0), n.in(1), n.in(2));
        }
        String a = turned ? "torch.t(" + n.in(0) + ")" : n.in(0);
        String b = weight ? "torch.t(" + n.in(1) + ")" : n.in(1);
        String product = n.assign("torch.matmul(" + a + ", " + b + ") * " + ScriptNode.text(alpha));
        return n.has(2) ? n.assign(product + " + " + n.in(2) + " * " + ScriptNode.text(beta)) : product;
    }

    private static List<String> split(ScriptNode n) {
        int axis = (int) n.axis("axis", 0);
        List<String> parts = new ArrayList<>();
        long at = 0;
        for (TensorType part : n.out()) {
            long end = at + part.dim(axis);
            parts.add(n.call("slice", n.in(0), axis, at, end, 1));
            at = end;
        }
        return parts;
    }

    private static Optional<String> slice(ScriptNode n) {
        long[] starts = n.integers("starts");
        long[] ends = n.integers("ends");
        long[] axes = n.has("axes") && n.integers("axes").length > 0
                ? n.integers("axes")
                : LongStream.range(0, starts.length).toArray();
        long[] steps = n.integers("steps", starts.length, 1);
        if (starts.length == 0 || Arrays.stream(steps).anyMatch(step -> step <= 0)) {
            return Optional.empty();
        }
        String value = n.in(0);
        for (int i = 0; i < starts.length; i++) {
            value = n.call("slice", value, axes[i], starts[i], ends[i], steps[i]);
        }
        return Optional.of(value);
    }

    private static String gather(ScriptNode n) {
        int axis = (int) n.axis("axis", 0);
        long extent = n.types().get(0).dim(axis);
        boolean constant = n.has("indices");
        String index = n.in(1);
        if (constant) {
            long[] indices = Arrays.stream(n.integers("indices"))
                    .map(i -> i < 0 ? i + extent : i)
                    .toArray();
            index = n.assign("torch.tensor(" + Arrays.toString(indices) + ", device=" + n.in(0) + ".device)");
        } else if (extent >= 0) {
            index = n.assign("torch.where(" + index + " < 0, " + index + " + " + extent + ", " + index + ")");
        }
        if (axis == 0 && n.rank() == 2 && !constant) {
            return n.call("embedding", n.in(0), index);
        }
        String flat = n.assign("torch.index_select(" + n.in(0) + ", " + axis + ", torch.reshape(" + index + ", [-1]))");
        return n.call("reshape", flat, sizes(n.out().get(0)));
    }

    /** libtorch lists the widths from the last axis on, beginning and end of each. */
    private static Optional<String> pad(ScriptNode n) {
        if (!n.string("mode", "constant").equals("constant") || n.in().size() != 1) {
            return Optional.empty();
        }
        int rank = n.rank();
        long[] pads = n.integers("pads");
        long[] axes = n.integers("axes").length > 0
                ? n.integers("axes")
                : LongStream.range(0, rank).toArray();
        long[] begin = new long[rank];
        long[] end = new long[rank];
        for (int i = 0; i < axes.length; i++) {
            int axis = (int) (axes[i] < 0 ? axes[i] + rank : axes[i]);
            begin[axis] = pads[i];
            end[axis] = pads[axes.length + i];
        }
        return Optional.of(ScriptWindows.padded(n, begin, end, n.real("value", 0)));
    }

    private static Optional<String> depthToSpace(ScriptNode n) {
        long block = n.integer("blocksize", 1);
        if (n.string("mode", "DCR").equals("CRD")) {
            return Optional.of(n.call("pixel_shuffle", n.in(0), block));
        }
        TensorType x = n.types().get(0);
        long[] apart = {Math.max(x.dim(0), -1), block, block, x.dim(1) / (block * block), x.dim(2), x.dim(3)};
        String moved = n.call("permute", n.call("reshape", n.in(0), apart), new long[] {0, 3, 4, 1, 5, 2});
        return Optional.of(n.call("reshape", moved, sizes(n.out().get(0))));
    }

    private static String spaceToDepth(ScriptNode n) {
        long block = n.integer("blocksize", 1);
        TensorType x = n.types().get(0);
        long[] apart = {Math.max(x.dim(0), -1), x.dim(1), x.dim(2) / block, block, x.dim(3) / block, block};
        String moved = n.call("permute", n.call("reshape", n.in(0), apart), new long[] {0, 3, 5, 1, 2, 4});
        return n.call("reshape", moved, sizes(n.out().get(0)));
    }

    /** The two modes that libtorch computes as ONNX does: nearest by whole factors, and linear between the centres of pixels. */
    private static Optional<String> resize(ScriptNode n) {
        TensorType x = n.types().get(0);
        TensorType y = n.out().get(0);
        if (n.rank() != 4 || x.dim(1) != y.dim(1)) {
            return Optional.empty();
        }
        long[] size = {y.dim(2), y.dim(3)};
        boolean whole = size[0] % x.dim(2) == 0 && size[1] % x.dim(3) == 0;
        String mode = n.string("mode", "nearest");
        String where = n.string("coordinate_transformation_mode", "half_pixel");
        double[] scales = scales(n);
        boolean exact = scales.length == 0 || (scales[0] * x.dim(2) == size[0] && scales[1] * x.dim(3) == size[1]);
        if (mode.equals("nearest") && whole) {
            return exact && takesTheFirst(where, n.string("nearest_mode", "round_prefer_floor"))
                    ? Optional.of(n.call("upsample_nearest2d", n.in(0), size, "None", "None"))
                    : Optional.empty();
        }
        boolean centres = where.equals("half_pixel") || where.equals("pytorch_half_pixel");
        return mode.equals("linear") && centres
                ? Optional.of(n.call(
                        "upsample_bilinear2d",
                        n.in(0),
                        size,
                        false,
                        scales.length == 0 ? "None" : Double.toString(scales[0]),
                        scales.length == 0 ? "None" : Double.toString(scales[1])))
                : Optional.empty();
    }

    /** Whether every pixel of a whole enlargement repeats the one that it lies in, as libtorch's does. */
    private static boolean takesTheFirst(String where, String rounding) {
        return switch (where) {
            case "asymmetric", "tf_half_pixel_for_nn" -> rounding.equals("floor");
            case "half_pixel", "pytorch_half_pixel" -> rounding.startsWith("round_");
            default -> false;
        };
    }

    /** The factors of height and width that the node states, or none. */
    private static double[] scales(ScriptNode n) {
        if (!n.hasFloats("scales")) {
            return new double[0];
        }
        List<Float> given = ((Floats) n.node().op().attributes().getOrDefault("scales", Floats.NONE)).values();
        List<Long> axes = Arrays.stream(n.integers("axes")).boxed().toList();
        double[] scales = new double[2];
        for (int i = 0; i < 2; i++) {
            int axis = i + 2;
            int at = axes.isEmpty() ? axis : Math.max(axes.indexOf((long) axis), axes.indexOf((long) axis - 4));
            scales[i] = at < 0 ? 1 : given.get(at);
        }
        return scales;
    }

    private static String reduce(ScriptNode n, String function) {
        long[] axes = n.integers("axes");
        if (axes.length == 0 && n.integer("noop_with_empty_axes", 0) != 0) {
            return n.in(0);
        }
        long[] all = axes.length > 0
                ? axes
                : IntStream.range(0, n.rank()).asLongStream().toArray();
        return n.call(function, n.in(0), all, n.integer("keepdims", 1) != 0);
    }
}
