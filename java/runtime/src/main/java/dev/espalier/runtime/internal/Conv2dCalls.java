package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.AbiConv2dShape;
import dev.espalier.runtime.internal.abi.AbiEpilogue;
import dev.espalier.runtime.internal.abi.AbiTarget;
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

    /** What one bit of the mask stands for. */
    public enum Pattern {
        /** One weight. */
        ELEMENT,
        /** The weights at one position of 16 consecutive outputs. */
        VECTOR16
    }

    /** A convolution by kept weights: its pattern, extents, and how many bits its mask has set. */
    public record Masked(Pattern pattern, Extents extents, long kept) {}

    public static long packedBytes(KernelTarget target, Masked conv) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiConv2dShape shape = conv.extents.toAbi();
            return switch (conv.pattern) {
                case ELEMENT -> KernelsAbi.esp_conv2d_packed_bytes(target.toAbi(), shape, conv.kept);
                case VECTOR16 -> KernelsAbi.esp_conv2d_vector_packed_bytes(target.toAbi(), shape, conv.kept);
            };
        }
    }

    public static long packWorkspace(KernelTarget target, Masked conv) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiConv2dShape shape = conv.extents.toAbi();
            return switch (conv.pattern) {
                case ELEMENT -> KernelsAbi.esp_conv2d_pack_workspace_bytes(target.toAbi(), shape, conv.kept);
                case VECTOR16 -> KernelsAbi.esp_conv2d_vector_pack_workspace_bytes(target.toAbi(), shape, conv.kept);
            };
        }
    }

    public static int pack(KernelTarget target, Masked conv, long weight, long bits, long packed, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiTarget where = target.toAbi();
            AbiConv2dShape shape = conv.extents.toAbi();
            Address from = Address.of(weight);
            Address kept = Address.of(bits);
            Address to = Address.of(packed);
            Address work = Address.of(workspace);
            return switch (conv.pattern) {
                case ELEMENT -> KernelsAbi.esp_conv2d_pack(where, shape, from, kept, conv.kept, to, work, Address.NULL);
                case VECTOR16 ->
                    KernelsAbi.esp_conv2d_vector_pack(where, shape, from, kept, conv.kept, to, work, Address.NULL);
            };
        }
    }

    public static long workspace(KernelTarget target, Masked conv) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiConv2dShape shape = conv.extents.toAbi();
            return switch (conv.pattern) {
                case ELEMENT -> KernelsAbi.esp_conv2d_workspace_bytes(target.toAbi(), shape, conv.kept);
                case VECTOR16 -> KernelsAbi.esp_conv2d_vector_workspace_bytes(target.toAbi(), shape, conv.kept);
            };
        }
    }

    /** What is done to a sum before it is stored; {@code activation} is an ESP_ACTIVATION_ number. */
    public record Finish(long bias, long residual, int activation) {
        public static final int NONE = KernelsAbi.ESP_ACTIVATION_NONE;
        public static final int RELU = KernelsAbi.ESP_ACTIVATION_RELU;
        public static final int RELU6 = KernelsAbi.ESP_ACTIVATION_RELU6;
        public static final int SILU = KernelsAbi.ESP_ACTIVATION_SILU;
        public static final int HARD_SWISH = KernelsAbi.ESP_ACTIVATION_HARD_SWISH;

        AbiEpilogue toAbi() {
            return new AbiEpilogue()
                    .bias(Address.of(bias))
                    .residual(Address.of(residual))
                    .activation(activation);
        }
    }

    /** The buffers of one convolution. */
    public record Buffers(long input, long packed, long output, long workspace) {}

    public static int conv2d(KernelTarget target, Masked conv, Finish finish, Buffers buffers) {
        try (TorchFrame frame = TorchFrame.open()) {
            AbiTarget where = target.toAbi();
            AbiConv2dShape shape = conv.extents.toAbi();
            AbiEpilogue epilogue = finish.toAbi();
            Address input = Address.of(buffers.input);
            Address packed = Address.of(buffers.packed);
            Address output = Address.of(buffers.output);
            Address work = Address.of(buffers.workspace);
            return switch (conv.pattern) {
                case ELEMENT ->
                    KernelsAbi.esp_conv2d(where, shape, input, packed, conv.kept, epilogue, output, work, Address.NULL);
                case VECTOR16 ->
                    KernelsAbi.esp_conv2d_vector(
                            where, shape, input, packed, conv.kept, epilogue, output, work, Address.NULL);
            };
        }
    }
}
