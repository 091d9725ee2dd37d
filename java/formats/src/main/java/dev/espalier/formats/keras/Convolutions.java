package dev.espalier.formats.keras;

import dev.espalier.formats.keras.KerasValue.Order;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Convolutions and windows over images, whose kernels Keras stores with the channels last. */
final class Convolutions {
    private Convolutions() {}

    /** Extents of a window and what the border gets. */
    private static final class Windowing {
        private final long[] kernel;
        private final long[] strides;
        private final long[] dilations;
        private final long[] pads;
        private final long[] out;

        Windowing(long[] kernel, long[] strides, long[] dilations, long[] pads, long[] out) {
            this.kernel = kernel;
            this.strides = strides;
            this.dilations = dilations;
            this.pads = pads;
            this.out = out;
        }

        /** Keras's paddings: {@code same} keeps the extent divided by the stride and pads the end more than the beginning. */
        static Windowing of(LayerCall call, KerasValue in, long[] kernel, String strideKey, long[] dilations) {
            int spatial = kernel.length;
            LayerConfig config = call.config();
            long[] strides = config.has(strideKey) ? config.sizes(strideKey, spatial, 1) : kernel.clone();
            String padding = config.text("padding", "valid");
            long[] pads = new long[2 * spatial];
            long[] out = new long[spatial];
            for (int i = 0; i < spatial; i++) {
                long extent = Math.addExact(Math.multiplyExact(kernel[i] - 1, dilations[i]), 1);
                long size = in.dims()[i];
                long total;
                switch (padding) {
                    case "same" -> {
                        out[i] = (size + strides[i] - 1) / strides[i];
                        total = Math.max(0, Math.multiplyExact(out[i] - 1, strides[i]) + extent - size);
                        pads[i] = total / 2;
                    }
                    case "valid" -> total = 0;
                    case "causal" -> {
                        total = extent - 1;
                        pads[i] = total;
                    }
                    default -> throw config.refuse("padding '" + padding + "' is not supported");
                }
                pads[spatial + i] = total - pads[i];
                out[i] = Math.floorDiv(size + total - extent, strides[i]) + 1;
                config.require(out[i] > 0, "the window is larger than its input");
            }
            return new Windowing(kernel, strides, dilations, pads, out);
        }

        long[] dims(long channels) {
            long[] dims = Arrays.copyOf(out, out.length + 1);
            dims[out.length] = channels;
            return dims;
        }

        Map<String, Attribute> pooling() {
            return Map.of("kernel_shape", Ints.of(kernel), "strides", Ints.of(strides), "pads", Ints.of(pads));
        }

        Map<String, Attribute> convolution(long groups) {
            return Map.of(
                    "kernel_shape",
                    Ints.of(kernel),
                    "strides",
                    Ints.of(strides),
                    "pads",
                    Ints.of(pads),
                    "dilations",
                    Ints.of(dilations),
                    "group",
                    Attribute.of(groups));
        }
    }

    private static Windowing windowing(LayerCall call, KerasValue in, Array kernel, int spatial) {
        return Windowing.of(
                call,
                in,
                Arrays.copyOf(kernel.dims(), spatial),
                "strides",
                call.config().sizes("dilation_rate", spatial, 1, 1));
    }

    /** Kernel of Keras: window, input channels of a group, output channels. */
    static KerasValue conv(LayerCall call, int spatial) {
        KerasValue in = call.imageInput(spatial);
        Array kernel = call.weight(0, spatial + 2);
        long groups = call.config().integer("groups", 1);
        call.config().require(groups > 0, "groups must be positive");
        call.requireExtent(kernel, spatial, in.channels() / groups);
        return convolve(call, call.name(), in, windowing(call, in, kernel, spatial), outputFirst(kernel), groups, 1);
    }

    /** Kernel of Keras: window, input channels, outputs per input channel. */
    static KerasValue depthwise(LayerCall call, int spatial) {
        KerasValue in = call.imageInput(spatial);
        Array kernel = call.weight(0, spatial + 2);
        call.requireExtent(kernel, spatial, in.channels());
        return convolve(
                call, call.name(), in, windowing(call, in, kernel, spatial), perChannel(kernel), in.channels(), 1);
    }

    /** A depthwise convolution without bias, then one over single positions. */
    static KerasValue separable(LayerCall call, int spatial) {
        KerasValue in = call.imageInput(spatial);
        Array deep = call.weight(0, spatial + 2);
        Array point = call.weight(1, spatial + 2);
        call.requireExtent(deep, spatial, in.channels());
        Windowing windowing = windowing(call, in, deep, spatial);
        Array depthwise = perChannel(deep);
        String between = call.graph()
                .draft()
                .add(
                        call.name() + ".depthwise",
                        "Conv",
                        windowing.convolution(in.channels()),
                        in.value(),
                        call.graph().parameter(call.config(), "depthwise_kernel", depthwise));
        KerasValue middle = new KerasValue(between, windowing.dims(depthwise.dims()[0]), Order.CHANNELS_FIRST);
        long[] ones = new long[spatial];
        Arrays.fill(ones, 1);
        call.requireExtent(point, spatial, middle.channels());
        Windowing single = new Windowing(ones, ones, ones, new long[2 * spatial], windowing.out);
        return convolve(call, call.name(), middle, single, outputFirst(point), 1, 2);
    }

    private static KerasValue convolve(
            LayerCall call, String name, KerasValue in, Windowing windowing, Array kernel, long groups, int biasAt) {
        List<String> inputs = new ArrayList<>();
        inputs.add(in.value());
        inputs.add(call.graph().parameter(call.config(), "kernel", kernel));
        if (call.config().flag("use_bias", true)) {
            inputs.add(call.graph().parameter(call.config(), "bias", call.weight(biasAt, 1)));
        }
        String out = call.graph()
                .draft()
                .addAll(name, "Conv", windowing.convolution(groups), inputs)
                .get(0);
        return call.activated(new KerasValue(out, windowing.dims(kernel.dims()[0]), Order.CHANNELS_FIRST));
    }

    /** Kernel of Keras: window, output channels, input channels; the result is cut to the input times the stride. */
    static KerasValue transposed(LayerCall call, int spatial) {
        LayerConfig config = call.config();
        KerasValue in = call.imageInput(spatial);
        Array kernel = call.weight(0, spatial + 2);
        call.requireExtent(kernel, spatial + 1, in.channels());
        config.require(!config.has("output_padding"), "output_padding is not supported; leave it at None");
        long[] strides = config.sizes("strides", spatial, 1);
        for (long dilation : config.sizes("dilation_rate", spatial, 1, 1)) {
            config.require(dilation == 1, "dilation_rate must be 1");
        }
        boolean same = config.text("padding", "valid").equals("same");
        long[] pads = new long[2 * spatial];
        long[] more = new long[spatial];
        long[] dims = Arrays.copyOf(in.dims(), spatial + 1);
        for (int i = 0; i < spatial; i++) {
            long over = kernel.dims()[i] - strides[i];
            if (same && over > 0) {
                pads[i] = over / 2;
                pads[spatial + i] = over - pads[i];
            }
            more[i] = Math.max(0, -over);
            dims[i] = Math.addExact(Math.multiplyExact(dims[i], strides[i]), same ? 0 : Math.max(0, over));
        }
        dims[spatial] = kernel.dims()[spatial];
        int[] order = new int[spatial + 2];
        order[0] = spatial + 1;
        order[1] = spatial;
        for (int i = 0; i < spatial; i++) {
            order[2 + i] = i;
        }
        Map<String, Attribute> attributes = Map.of(
                "kernel_shape",
                Ints.of(Arrays.copyOf(kernel.dims(), spatial)),
                "strides",
                Ints.of(strides),
                "pads",
                Ints.of(pads),
                "output_padding",
                Ints.of(more));
        List<String> inputs = new ArrayList<>(
                List.of(in.value(), call.graph().parameter(config, "kernel", kernel.transposed(order))));
        if (config.flag("use_bias", true)) {
            inputs.add(call.graph().parameter(config, "bias", call.weight(1, 1)));
        }
        String out = call.graph()
                .draft()
                .addAll(call.name(), "ConvTranspose", attributes, inputs)
                .get(0);
        return call.activated(new KerasValue(out, dims, Order.CHANNELS_FIRST));
    }

    static KerasValue pool(LayerCall call, String type, int spatial) {
        KerasValue in = call.imageInput(spatial);
        long[] ones = new long[spatial];
        Arrays.fill(ones, 1);
        Windowing windowing = Windowing.of(call, in, call.config().sizes("pool_size", spatial, 1), "strides", ones);
        return call.node(type, windowing.pooling(), windowing.dims(in.channels()), Order.CHANNELS_FIRST, in.value());
    }

    static KerasValue globalPool(LayerCall call, String type, int spatial) {
        KerasValue in = call.imageInput(spatial);
        if (call.config().flag("keepdims", false)) {
            long[] dims = new long[spatial + 1];
            Arrays.fill(dims, 1);
            dims[spatial] = in.channels();
            return call.node(type, Map.of(), dims, Order.CHANNELS_FIRST, in.value());
        }
        String pooled = call.graph().draft().add(call.name() + ".pool", type, Map.of(), in.value());
        return call.node("Flatten", Map.of("axis", Attribute.of(1)), new long[] {in.channels()}, Order.KERAS, pooled);
    }

    /** Window, in, out → out, in, window. */
    private static Array outputFirst(Array kernel) {
        int spatial = kernel.dims().length - 2;
        int[] order = new int[spatial + 2];
        order[0] = spatial + 1;
        order[1] = spatial;
        for (int i = 0; i < spatial; i++) {
            order[2 + i] = i;
        }
        return kernel.transposed(order);
    }

    /** Window, channels, multiplier → channels · multiplier, 1, window. */
    private static Array perChannel(Array kernel) {
        int spatial = kernel.dims().length - 2;
        int[] order = new int[spatial + 2];
        order[0] = spatial;
        order[1] = spatial + 1;
        for (int i = 0; i < spatial; i++) {
            order[2 + i] = i;
        }
        long[] dims = new long[spatial + 2];
        dims[0] = kernel.dims()[spatial] * kernel.dims()[spatial + 1];
        dims[1] = 1;
        System.arraycopy(kernel.dims(), 0, dims, 2, spatial);
        return kernel.transposed(order).reshaped(dims);
    }
}
