package dev.espalier.formats.pytorch;

import dev.espalier.op.TensorType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Convolutions, pooling and normalisations in TorchScript. */
final class ScriptWindows {
    static final Map<String, Function<ScriptNode, Optional<String>>> RULES = new HashMap<>();

    /** Below every number of single precision, for the border of a maximum. */
    private static final float LOWEST = -Float.MAX_VALUE;

    static {
        RULES.put("Conv", n -> Optional.of(conv(n)));
        RULES.put("ConvTranspose", ScriptWindows::convTranspose);
        RULES.put("MaxPool", n -> Optional.of(maxPool(n)));
        RULES.put("AveragePool", ScriptWindows::averagePool);
        RULES.put("GlobalAveragePool", n -> Optional.of(n.call("mean", n.in(0), spatialAxes(n), true)));
        RULES.put("GlobalMaxPool", n -> Optional.of(n.call("amax", n.in(0), spatialAxes(n), true)));
        RULES.put("BatchNormalization", n -> Optional.of(batchNorm(n)));
        RULES.put("LayerNormalization", n -> Optional.of(layerNorm(n)));
        RULES.put(
                "InstanceNormalization",
                n -> Optional.of(n.call(
                        "instance_norm",
                        n.in(0),
                        n.in(1),
                        n.in(2),
                        "None",
                        "None",
                        true,
                        0.1f,
                        n.real("epsilon", 1e-5f),
                        true)));
        RULES.put("GroupNormalization", ScriptWindows::groupNorm);
    }

    private ScriptWindows() {}

    private static long[] spatialAxes(ScriptNode n) {
        long[] axes = new long[n.spatial()];
        Arrays.setAll(axes, i -> i + 2L);
        return axes;
    }

    /** Pads of a window, all beginnings, then all ends, whoever chooses them. */
    private static long[] pads(ScriptNode n, long[] kernel, long[] strides, long[] dilations) {
        int spatial = n.spatial();
        String rule = n.string("auto_pad", "NOTSET");
        if (!rule.startsWith("SAME")) {
            return rule.equals("NOTSET") ? n.integers("pads", 2 * spatial, 0) : new long[2 * spatial];
        }
        long[] pads = new long[2 * spatial];
        for (int i = 0; i < spatial; i++) {
            long size = n.types().get(0).dim(i + 2);
            long steps = (size + strides[i] - 1) / strides[i];
            long total = Math.max(0, (steps - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - size);
            pads[i] = rule.equals("SAME_UPPER") ? total / 2 : total - total / 2;
            pads[spatial + i] = total - pads[i];
        }
        return pads;
    }

    private static boolean symmetric(long[] pads) {
        int half = pads.length / 2;
        return Arrays.equals(Arrays.copyOf(pads, half), Arrays.copyOfRange(pads, half, pads.length));
    }

    /** The input with a border of {@code value}; widths per axis of the input. */
    static String padded(ScriptNode n, long[] begin, long[] end, float value) {
        int rank = begin.length;
        long[] widths = new long[2 * rank];
        for (int axis = 0; axis < rank; axis++) {
            widths[2 * (rank - 1 - axis)] = begin[axis];
            widths[2 * (rank - 1 - axis) + 1] = end[axis];
        }
        return n.call("constant_pad_nd", n.in(0), widths, value);
    }

    private static String paddedSpatial(ScriptNode n, long[] pads, float value) {
        int spatial = n.spatial();
        long[] begin = new long[spatial + 2];
        long[] end = new long[spatial + 2];
        System.arraycopy(pads, 0, begin, 2, spatial);
        System.arraycopy(pads, spatial, end, 2, spatial);
        return padded(n, begin, end, value);
    }

    private static String conv(ScriptNode n) {
        int spatial = n.spatial();
        long[] kernel = Arrays.copyOfRange(n.types().get(1).shape().toArray(), 2, spatial + 2);
        long[] strides = n.integers("strides", spatial, 1);
        long[] dilations = n.integers("dilations", spatial, 1);
        long[] pads = pads(n, kernel, strides, dilations);
        boolean direct = symmetric(pads);
        String x = direct ? n.in(0) : paddedSpatial(n, pads, 0);
        long[] sides = direct ? Arrays.copyOf(pads, spatial) : new long[spatial];
        return n.call("conv" + spatial + "d", x, n.in(1), n.in(2), strides, sides, dilations, n.integer("group", 1));
    }

    /** Without padding, then cut: that holds for pads that differ from side to side. */
    private static Optional<String> convTranspose(ScriptNode n) {
        if (!n.string("auto_pad", "NOTSET").equals("NOTSET") || n.integers("output_shape").length > 0) {
            return Optional.empty();
        }
        int spatial = n.spatial();
        long[] pads = n.integers("pads", 2 * spatial, 0);
        boolean direct = symmetric(pads);
        long[] more = n.integers("output_padding", spatial, 0);
        long[] strides = n.integers("strides", spatial, 1);
        if (!direct && Arrays.stream(more).anyMatch(width -> width > 0)) {
            return Optional.empty();
        }
        String y = n.call(
                "conv_transpose" + spatial + "d",
                n.in(0),
                n.in(1),
                n.in(2),
                strides,
                direct ? Arrays.copyOf(pads, spatial) : new long[spatial],
                more,
                n.integer("group", 1),
                n.integers("dilations", spatial, 1));
        for (int i = 0; i < spatial && !direct; i++) {
            y = n.call("slice", y, i + 2, pads[i], pads[i] + n.out().get(0).dim(i + 2), 1);
        }
        return Optional.of(y);
    }

    private static String maxPool(ScriptNode n) {
        int spatial = n.spatial();
        long[] kernel = n.integers("kernel_shape");
        long[] strides = n.integers("strides", spatial, 1);
        long[] dilations = n.integers("dilations", spatial, 1);
        long[] pads = pads(n, kernel, strides, dilations);
        boolean direct = fits(pads, kernel);
        String x = direct ? n.in(0) : paddedSpatial(n, pads, LOWEST);
        long[] sides = direct ? Arrays.copyOf(pads, spatial) : new long[spatial];
        return cut(
                n,
                n.call(
                        "max_pool" + spatial + "d",
                        x,
                        kernel,
                        strides,
                        sides,
                        dilations,
                        n.integer("ceil_mode", 0) != 0),
                direct);
    }

    /** libtorch pads evenly, by at most half the window. */
    private static boolean fits(long[] pads, long[] kernel) {
        boolean fits = symmetric(pads);
        for (int i = 0; i < kernel.length; i++) {
            fits &= 2 * pads[i] <= kernel[i];
        }
        return fits;
    }

    /** After padding by hand, rounding up may have added a window too many. */
    private static String cut(ScriptNode n, String value, boolean direct) {
        if (direct || n.integer("ceil_mode", 0) == 0) {
            return value;
        }
        String y = value;
        for (int i = 2; i < n.rank(); i++) {
            y = n.call("slice", y, i, 0, n.out().get(0).dim(i), 1);
        }
        return y;
    }

    private static Optional<String> averagePool(ScriptNode n) {
        int spatial = n.spatial();
        long[] kernel = n.integers("kernel_shape");
        long[] strides = n.integers("strides", spatial, 1);
        long[] ones = n.integers("dilations", spatial, 1);
        if (Arrays.stream(ones).anyMatch(dilation -> dilation != 1)) {
            return Optional.empty();
        }
        long[] pads = pads(n, kernel, strides, ones);
        boolean ceil = n.integer("ceil_mode", 0) != 0;
        boolean counted = n.integer("count_include_pad", 0) != 0;
        String pool = "avg_pool" + spatial + "d";
        if (fits(pads, kernel)) {
            return Optional.of(average(
                    n, pool, n.in(0), new long[][] {kernel, strides, Arrays.copyOf(pads, spatial)}, ceil, counted));
        }
        if (ceil) {
            return Optional.empty();
        }
        long[][] window = {kernel, strides, new long[spatial]};
        String sum = average(n, pool, paddedSpatial(n, pads, 0), window, false, true);
        if (counted) {
            return Optional.of(sum);
        }
        ScriptNode inside = new ScriptNode(
                n.node(), java.util.List.of(n.call("ones_like", n.in(0))), n.types(), n.out(), n.statement());
        return Optional.of(n.call("div", sum, average(n, pool, paddedSpatial(inside, pads, 0), window, false, true)));
    }

    private static String average(ScriptNode n, String pool, String x, long[][] window, boolean ceil, boolean counted) {
        return n.spatial() == 1
                ? n.call(pool, x, window[0], window[1], window[2], ceil, counted)
                : n.call(pool, x, window[0], window[1], window[2], ceil, counted, "None");
    }

    /** libtorch's momentum is the share of the new, ONNX's of the old. */
    private static String batchNorm(ScriptNode n) {
        return n.call(
                "batch_norm",
                n.in(0),
                n.in(1),
                n.in(2),
                n.in(3),
                n.in(4),
                "self.training",
                1 - n.real("momentum", 0.9f),
                n.real("epsilon", 1e-5f),
                true);
    }

    private static String layerNorm(ScriptNode n) {
        TensorType scale = n.types().get(1);
        return n.call("layer_norm", n.in(0), scale.shape().toArray(), n.in(1), n.in(2), n.real("epsilon", 1e-5f), true);
    }

    private static Optional<String> groupNorm(ScriptNode n) {
        boolean perChannel = n.types().get(1).dim(0) == n.types().get(0).dim(1);
        return perChannel
                ? Optional.of(n.call(
                        "group_norm",
                        n.in(0),
                        n.integer("num_groups", 1),
                        n.in(1),
                        n.in(2),
                        n.real("epsilon", 1e-5f),
                        true))
                : Optional.empty();
    }
}
