package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.AbiConv2dShape;
import dev.espalier.runtime.internal.abi.AbiEpilogue;
import dev.espalier.runtime.internal.abi.KernelsAbi;

/** The calls of the conv2d family; pointers are addresses, 0 for none. */
public final class Conv2dCalls {
    private Conv2dCalls() {}

    /** The extents of one convolution. */
    public static final class Extents {
        private final long[] input;
        private final long[] weight;
        private final long[] window;

        /**
         * Takes the arrays as they are.
         *
         * @param input n, c, h, w
         * @param weight k, c / groups, r, s
         * @param window stride (h, w), pads (top, left, bottom, right), dilation (h, w), groups
         */
        public Extents(long[] input, long[] weight, long[] window) {
            this.input = input;
            this.weight = weight;
            this.window = window;
        }

        AbiConv2dShape toAbi() {
            return new AbiConv2dShape()
                    .n(input[0])
                    .c(input[1])
                    .h(input[2])
                    .w(input[3])
                    .k(weight[0])
                    .r(weight[2])
                    .s(weight[3])
                    .stride_h(window[0])
                    .stride_w(window[1])
                    .pad_top(window[2])
                    .pad_left(window[3])
                    .pad_bottom(window[4])
                    .pad_right(window[5])
                    .dilation_h(window[6])
                    .dilation_w(window[7])
                    .groups(window[8]);
        }
    }

    public static long packedBytes(KernelTarget target, Extents extents, long nonzeros) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_packed_bytes(target.toAbi(), extents.toAbi(), nonzeros);
        }
    }

    public static long packWorkspace(KernelTarget target, Extents extents, long nonzeros) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_pack_workspace_bytes(target.toAbi(), extents.toAbi(), nonzeros);
        }
    }

    public static int pack(
            KernelTarget target, Extents extents, long weight, long bits, long nonzeros, long packed, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_pack(
                    target.toAbi(),
                    extents.toAbi(),
                    Address.of(weight),
                    Address.of(bits),
                    nonzeros,
                    Address.of(packed),
                    Address.of(workspace),
                    Address.NULL);
        }
    }

    public static long workspace(KernelTarget target, Extents extents, long nonzeros) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_workspace_bytes(target.toAbi(), extents.toAbi(), nonzeros);
        }
    }

    /** The buffers of one convolution. */
    public record Buffers(long input, long packed, long bias, long output, long workspace) {}

    public static int conv2d(KernelTarget target, Extents extents, long nonzeros, boolean relu, Buffers buffers) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d(
                    target.toAbi(),
                    extents.toAbi(),
                    Address.of(buffers.input),
                    Address.of(buffers.packed),
                    nonzeros,
                    new AbiEpilogue()
                            .bias(Address.of(buffers.bias))
                            .residual(Address.NULL)
                            .activation(relu ? KernelsAbi.ESP_ACTIVATION_RELU : KernelsAbi.ESP_ACTIVATION_NONE),
                    Address.of(buffers.output),
                    Address.of(buffers.workspace),
                    Address.NULL);
        }
    }
}
