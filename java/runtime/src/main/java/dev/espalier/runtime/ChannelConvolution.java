package dev.espalier.runtime;

import dev.espalier.runtime.internal.ChannelConv2dCalls;
import dev.espalier.runtime.internal.Conv2dCalls;
import dev.espalier.runtime.internal.KernelTarget;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lays tensors out for the conv2d_channels kernels. */
final class ChannelConvolution {
    private ChannelConvolution() {}

    static ChannelList list(Backend backend, BitMask mask) {
        Scope.current();
        KernelCall call = new KernelCall("channelList", backend, List.of(mask.words()));
        call.requireDevice(0, mask.words());
        if (mask.shape().rank() != 1) {
            throw call.failure("expected a mask over [channels], got " + mask.shape());
        }
        try (Scope scope = Scope.open()) {
            KernelTarget target = call.target();
            long channels = mask.shape().numel();
            Tensor numbers = Tensor.empty(DType.I32, call.device(), 1 + channels);
            call.check(ChannelConv2dCalls.list(
                    target,
                    KernelCall.address(mask.words()),
                    channels,
                    KernelCall.address(numbers),
                    call.workspace(ChannelConv2dCalls.listWorkspace(target, channels))));
            return scope.keep(new ChannelList(numbers));
        }
    }

    static Tensor run(
            Backend backend, Tensor x, Tensor weight, LiveChannels live, ConvolutionWindow window, Epilogue epilogue) {
        Scope.current();
        KernelCall call = new KernelCall("conv2d of live channels", backend, List.of(x, weight));
        call.require(DType.F32, List.of(x, weight));
        if (x.rank() != 4) {
            throw call.failure("expected images [n, c, h, w], got " + x.shape());
        }
        Shape image = Shape.of(x.size(1), x.size(2), x.size(3));
        MaskedConvolution.requireWeight(call, weight, image, window);
        requireChannels(call, "input", live.inputs(), image.dim(0));
        requireChannels(call, "output", live.outputs(), weight.size(0));
        Shape result = window.output(x.shape(), weight.shape());
        epilogue.require(call, result);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            KernelTarget target = call.target();
            Conv2dCalls.Extents extents = MaskedConvolution.extents(x.size(0), image, weight.shape(), window);
            Tensor output = Tensor.empty(DType.F32, call.device(), result.toArray());
            ChannelConv2dCalls.Buffers buffers = new ChannelConv2dCalls.Buffers(
                    KernelCall.address(x.contiguous()),
                    KernelCall.address(weight.contiguous()),
                    address(live.inputs()),
                    address(live.outputs()),
                    KernelCall.address(output),
                    call.workspace(ChannelConv2dCalls.workspace(target, extents)));
            call.check(ChannelConv2dCalls.conv2d(target, extents, epilogue.finish(), buffers));
            return scope.keep(output);
        }
    }

    private static void requireChannels(KernelCall call, String what, @Nullable ChannelList list, long channels) {
        if (list == null) {
            return;
        }
        if (list.channels() != channels) {
            throw call.failure("expected a list of " + channels + " " + what + " channels, got " + list.channels());
        }
        call.require(DType.I32, List.of(list.numbers()));
    }

    private static long address(@Nullable ChannelList list) {
        return list == null ? 0 : KernelCall.address(list.numbers());
    }
}
