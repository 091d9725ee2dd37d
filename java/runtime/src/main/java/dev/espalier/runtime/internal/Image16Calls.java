package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.AbiConv2dImage16Layout;
import dev.espalier.runtime.internal.abi.AbiImage16;
import dev.espalier.runtime.internal.abi.KernelsAbi;

/** The calls of the conv2d family on image16; pointers are addresses, 0 for none. */
public final class Image16Calls {
    /** Source: the input; result: the output. */
    public static final int FORWARD = KernelsAbi.ESP_DIRECTION_FORWARD;
    /** Source: the output's gradient; result: the input's. */
    public static final int INPUT_GRADIENT = KernelsAbi.ESP_DIRECTION_INPUT_GRADIENT;

    private Image16Calls() {}

    /** Rows and columns of zeros around every plane. */
    public record Halo(long h, long w) {}

    /** The extents of a tensor in this layout. */
    public record Images(long n, long c, long h, long w, Halo halo) {
        AbiImage16 toAbi() {
            return new AbiImage16().n(n).c(c).h(h).w(w).halo_h(halo.h).halo_w(halo.w);
        }
    }

    /** A convolution with its layouts and the number of its kept weights. */
    public record Layout(Conv2dCalls.Extents extents, Halo source, Halo result, int direction, long nonzeros) {
        AbiConv2dImage16Layout toAbi() {
            return new AbiConv2dImage16Layout()
                    .shape(extents.toAbi())
                    .source_halo_h(source.h)
                    .source_halo_w(source.w)
                    .result_halo_h(result.h)
                    .result_halo_w(result.w)
                    .direction(direction);
        }
    }

    public static long bytes(Images images) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_image16_bytes(images.toAbi());
        }
    }

    public static int fromImages(KernelTarget target, Images extents, boolean channelsLast, long images, long image16) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_image16_pack(
                    target.toAbi(),
                    extents.toAbi(),
                    order(channelsLast),
                    Address.of(images),
                    Address.of(image16),
                    Address.NULL,
                    Address.NULL);
        }
    }

    public static int toImages(KernelTarget target, Images extents, boolean channelsLast, long image16, long images) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_image16_unpack(
                    target.toAbi(),
                    extents.toAbi(),
                    order(channelsLast),
                    Address.of(image16),
                    Address.of(images),
                    Address.NULL,
                    Address.NULL);
        }
    }

    private static int order(boolean channelsLast) {
        return channelsLast ? KernelsAbi.ESP_ORDER_NHWC : KernelsAbi.ESP_ORDER_NCHW;
    }

    /** The least halo of a source; -1 if the extents are refused. */
    public static Halo leastHalo(Conv2dCalls.Extents extents, int direction) {
        long[] h = new long[1];
        long[] w = new long[1];
        try (TorchFrame frame = TorchFrame.open()) {
            int status = KernelsAbi.esp_conv2d_image16_halo(extents.toAbi(), direction, h, w);
            return status == KernelLibrary.OK ? new Halo(h[0], w[0]) : new Halo(-1, -1);
        }
    }

    public static long packedBytes(KernelTarget target, Layout layout) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_image16_packed_bytes(target.toAbi(), layout.toAbi(), layout.nonzeros);
        }
    }

    public static int pack(KernelTarget target, Layout layout, long weight, long bits, long packed) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_image16_pack(
                    target.toAbi(),
                    layout.toAbi(),
                    Address.of(weight),
                    Address.of(bits),
                    layout.nonzeros,
                    Address.of(packed),
                    Address.NULL,
                    Address.NULL);
        }
    }

    public static long workspace(KernelTarget target, Layout layout) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_image16_workspace_bytes(target.toAbi(), layout.toAbi(), layout.nonzeros);
        }
    }

    /** The buffers of one convolution. */
    public record Buffers(long source, long packed, Conv2dCalls.Finish finish, long result, long workspace) {}

    public static int conv2d(KernelTarget target, Layout layout, Buffers buffers) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_image16(
                    target.toAbi(),
                    layout.toAbi(),
                    Address.of(buffers.source),
                    Address.of(buffers.packed),
                    layout.nonzeros,
                    buffers.finish.toAbi(),
                    Address.of(buffers.result),
                    Address.of(buffers.workspace),
                    Address.NULL);
        }
    }

    public static long gradientWorkspace(KernelTarget target, Layout layout) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_image16_weight_gradient_workspace_bytes(
                    target.toAbi(), layout.toAbi(), layout.nonzeros);
        }
    }

    /** The buffers of one weight gradient. */
    public record GradientBuffers(
            long input, long outputGradient, long packed, long bits, long weightGradient, long workspace) {}

    public static int weightGradient(KernelTarget target, Layout layout, GradientBuffers buffers) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_image16_weight_gradient(
                    target.toAbi(),
                    layout.toAbi(),
                    Address.of(buffers.input),
                    Address.of(buffers.outputGradient),
                    Address.of(buffers.packed),
                    Address.of(buffers.bits),
                    layout.nonzeros,
                    Address.of(buffers.weightGradient),
                    Address.of(buffers.workspace),
                    Address.NULL);
        }
    }
}
