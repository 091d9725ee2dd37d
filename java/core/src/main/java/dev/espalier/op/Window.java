package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.ShapeException;
import java.util.Locale;

/**
 * How a kernel slides over the spatial axes. Empty lists stand for the ONNX defaults: strides and dilations 1, pads 0, kernel
 * taken from the weights. Pads are all beginnings, then all ends.
 */
public record Window(Ints kernel, Ints strides, Ints pads, Ints dilations, AutoPad autoPad, boolean ceil) {
    public Window {
        int rank = Math.max(Math.max(kernel.size(), strides.size()), Math.max(pads.size() / 2, dilations.size()));
        for (Ints list : new Ints[] {kernel, strides, dilations}) {
            check(list.isEmpty() || list.size() == rank, "kernel, strides and dilations must have one length", list);
            check(list.values().stream().allMatch(v -> v > 0), "kernel, strides and dilations must be positive", list);
        }
        check(pads.isEmpty() || pads.size() == 2 * rank, "pads must hold a beginning and an end per axis", pads);
        check(pads.values().stream().allMatch(v -> v >= 0), "pads must not be negative", pads);
    }

    private static void check(boolean condition, String expected, Ints got) {
        if (!condition) {
            throw new ShapeException(expected + ", got " + got);
        }
    }

    /** A square window with equal padding on all sides, over two axes. */
    public static Window square(long kernel, long stride, long pad) {
        return new Window(
                Ints.repeat(kernel, 2),
                Ints.repeat(stride, 2),
                Ints.repeat(pad, 4),
                Ints.repeat(1, 2),
                AutoPad.NOTSET,
                false);
    }

    static Window of(Attributes a) {
        String rule = a.text("auto_pad", "NOTSET").toUpperCase(Locale.ROOT);
        for (AutoPad autoPad : AutoPad.values()) {
            if (autoPad.name().equals(rule)) {
                return new Window(
                        a.ints("kernel_shape"),
                        a.ints("strides"),
                        a.ints("pads"),
                        a.ints("dilations"),
                        autoPad,
                        a.flag("ceil_mode", false));
            }
        }
        throw new UnsupportedOperatorException(
                "auto_pad must be one of NOTSET, VALID, SAME_UPPER, SAME_LOWER, got " + rule);
    }

    Attributes attributes() {
        Attributes a = Attributes.none()
                .with("kernel_shape", kernel)
                .with("strides", strides)
                .with("dilations", dilations);
        a = autoPad == AutoPad.NOTSET ? a.with("pads", pads) : a.with("auto_pad", autoPad.name());
        return ceil ? a.with("ceil_mode", 1) : a;
    }

    /** This window with the kernel size that the weights give, which must not contradict the attribute. */
    public Window withKernel(Ints size) {
        check(kernel.isEmpty() || kernel.equals(size), "kernel_shape must equal the weight's " + size, kernel);
        return new Window(size, strides, pads, dilations, autoPad, ceil);
    }

    int rank() {
        return kernel.size();
    }

    long stride(int axis) {
        return strides.isEmpty() ? 1 : strides.get(axis);
    }

    long dilation(int axis) {
        return dilations.isEmpty() ? 1 : dilations.get(axis);
    }

    /** Elements that the dilated kernel covers. */
    long extent(int axis) {
        return (kernel.get(axis) - 1) * dilation(axis) + 1;
    }

    private long pad(int index) {
        return pads.isEmpty() || autoPad != AutoPad.NOTSET ? 0 : pads.get(index);
    }

    /** Padding for inputs of these sizes: all beginnings, then all ends; the kernel must be known. */
    public long[] padding(long[] spatial) {
        int n = rank();
        long[] padding = new long[2 * n];
        for (int i = 0; i < n; i++) {
            if (autoPad == AutoPad.SAME_UPPER || autoPad == AutoPad.SAME_LOWER) {
                long steps = (spatial[i] + stride(i) - 1) / stride(i);
                long total = Math.max((steps - 1) * stride(i) + extent(i) - spatial[i], 0);
                long small = total / 2;
                padding[i] = autoPad == AutoPad.SAME_UPPER ? small : total - small;
                padding[n + i] = total - padding[i];
            } else {
                padding[i] = pad(i);
                padding[n + i] = pad(n + i);
            }
        }
        return padding;
    }

    /**
     * Output sizes of a convolution or pooling. With {@code ceil}, a last window that would start beyond the input and its
     * leading padding is left out.
     */
    long[] outputs(long[] spatial) {
        check(spatial.length == rank(), "kernel must have " + spatial.length + " axes", kernel);
        long[] padding = padding(spatial);
        long[] out = new long[rank()];
        for (int i = 0; i < out.length; i++) {
            long room = spatial[i] + padding[i] + padding[rank() + i] - extent(i);
            if (room < 0) {
                throw new ShapeException("window of " + extent(i) + " does not fit into spatial axis " + i + " of "
                        + spatial[i] + " with padding " + (padding[i] + padding[rank() + i])
                        + "; enlarge the input or the padding");
            }
            out[i] = (ceil ? room + stride(i) - 1 : room) / stride(i) + 1;
            if (ceil && (out[i] - 1) * stride(i) >= spatial[i] + padding[i]) {
                out[i]--;
            }
        }
        return out;
    }

    /** The type after pooling x [n, c, spatial] with this window. */
    TensorType pooled(Inputs inputs) {
        inputs.floating();
        inputs.rank(0, 3, 5);
        inputs.require(
                inputs.shape(0).rank() < 5 || !ceil,
                "ceil_mode is not supported over three axes; pad the input instead");
        inputs.known(0, 2);
        inputs.require(!kernel.isEmpty(), "kernel_shape is missing");
        long[] out = inputs.shape(0).toArray();
        long[] spatial = outputs(Conv.spatial(inputs.shape(0)));
        System.arraycopy(spatial, 0, out, 2, spatial.length);
        return inputs.type(0).withShape(out);
    }

    /** A one-axis window seen as two axes, the first of size one. */
    Window lifted() {
        return rank() == 2
                ? this
                : new Window(
                        Ints.of(1, kernel.get(0)),
                        Ints.of(1, stride(0)),
                        Ints.of(0, pad(0), 0, pad(1)),
                        Ints.of(1, dilation(0)),
                        autoPad,
                        ceil);
    }

    /** One stride per axis, the default included; the kernel must be known. */
    public long[] strideArray() {
        return strides.isEmpty() ? Ints.repeat(1, rank()).toArray() : strides.toArray();
    }

    /** One dilation per axis, the default included; the kernel must be known. */
    public long[] dilationArray() {
        return dilations.isEmpty() ? Ints.repeat(1, rank()).toArray() : dilations.toArray();
    }
}
