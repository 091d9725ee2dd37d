package dev.espalier.runtime.internal;

import dev.espalier.runtime.internal.abi.KernelsAbi;

/** The calls of the conv2d_channels family; pointers are addresses, 0 for none. */
public final class ChannelConv2dCalls {
    private ChannelConv2dCalls() {}

    public static long listWorkspace(KernelTarget target, long channels) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_channel_list_workspace_bytes(target.toAbi(), channels);
        }
    }

    public static int list(KernelTarget target, long bits, long channels, long list, long workspace) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_channel_list(
                    target.toAbi(), Address.of(bits), channels, Address.of(list), Address.of(workspace), Address.NULL);
        }
    }

    public static long workspace(KernelTarget target, Conv2dCalls.Extents extents) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_channels_workspace_bytes(target.toAbi(), extents.toAbi());
        }
    }

    /** The buffers of one convolution; a list of 0 means that all channels are live. */
    public record Buffers(long input, long weight, long liveInputs, long liveOutputs, long output, long workspace) {}

    public static int conv2d(
            KernelTarget target, Conv2dCalls.Extents extents, Conv2dCalls.Finish finish, Buffers buffers) {
        try (TorchFrame frame = TorchFrame.open()) {
            return KernelsAbi.esp_conv2d_channels(
                    target.toAbi(),
                    extents.toAbi(),
                    Address.of(buffers.input),
                    Address.of(buffers.weight),
                    Address.of(buffers.liveInputs),
                    Address.of(buffers.liveOutputs),
                    finish.toAbi(),
                    Address.of(buffers.output),
                    Address.of(buffers.workspace),
                    Address.NULL);
        }
    }
}
