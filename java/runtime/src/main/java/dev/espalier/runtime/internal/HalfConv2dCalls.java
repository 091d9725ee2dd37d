package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.AbiConv2dHalfLayout;
import dev.espalier.runtime.internal.abi.KernelsAbi;

/** The calls of the conv2d_half family; pointers are addresses, 0 for none. */
public final class HalfConv2dCalls {
    public static final int F16 = KernelsAbi.ESP_DTYPE_F16;
    public static final int BF16 = KernelsAbi.ESP_DTYPE_BF16;

    private HalfConv2dCalls() {}

    /**
     * A sparse convolution of 16-bit tensors.
     *
     * @param dtype {@link #F16} or {@link #BF16}
     * @param vector outputs whose weights are kept together; 0 for the pattern 2:4
     * @param vectors kept vectors; 0 for the pattern 2:4
     */
    public record Layout(Conv2dCalls.Extents extents, int dtype, int vector, long vectors) {
        AbiConv2dHalfLayout toAbi() {
            return new AbiConv2dHalfLayout()
                    .shape(extents.toAbi())
                    .dtype(dtype)
                    .pattern(vector == 0 ? KernelsAbi.ESP_PATTERN_TWO_OF_FOUR : KernelsAbi.ESP_PATTERN_VECTOR)
                    .vector(vector);
        }
    }

    public static long packedBytes(KernelTarget target, Layout layout) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_half_packed_bytes(target.toAbi(), layout.toAbi(), layout.vectors);
        }
    }

    public static long packWorkspace(KernelTarget target, Layout layout) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_half_pack_workspace_bytes(target.toAbi(), layout.toAbi(), layout.vectors);
        }
    }

    public static int pack(KernelTarget target, Layout layout, long weight, long bits, long packed, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_half_pack(
                    target.toAbi(),
                    layout.toAbi(),
                    Address.of(weight),
                    Address.of(bits),
                    layout.vectors,
                    Address.of(packed),
                    Address.of(workspace),
                    Address.NULL);
        }
    }

    public static long workspace(KernelTarget target, Layout layout) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_half_workspace_bytes(target.toAbi(), layout.toAbi(), layout.vectors);
        }
    }

    public static int conv2d(
            KernelTarget target, Layout layout, Conv2dCalls.Finish finish, Conv2dCalls.Buffers buffers) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_half(
                    target.toAbi(),
                    layout.toAbi(),
                    Address.of(buffers.input()),
                    Address.of(buffers.packed()),
                    layout.vectors,
                    finish.toAbi(),
                    Address.of(buffers.output()),
                    Address.of(buffers.workspace()),
                    Address.NULL);
        }
    }
}
