package dev.espalier.runtime;

import dev.espalier.runtime.internal.Conv2dCalls;
import dev.espalier.runtime.internal.KernelTarget;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lays tensors out for the conv2d kernels. */
final class MaskedConvolution {
    private MaskedConvolution() {}

    static PackedConv2d pack(
            Backend backend, Tensor weight, @Nullable BitMask mask, Shape input, ConvolutionWindow window) {
        Scope.current();
        KernelCall call = new KernelCall("packConv2d", backend, List.of(weight));
        call.require(DType.F32, List.of(weight));
        requireShapes(call, weight, mask, input, window);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            KernelTarget target = call.target();
            Conv2dCalls.Extents extents = extents(1, input, weight.shape(), window);
            long nonzeros = mask == null ? weight.numel() : Masking.count(backend, List.of(mask))[0];
            long bytes = Conv2dCalls.packedBytes(target, extents, nonzeros);
            if (bytes < 0) {
                throw call.failure(KernelCall.lastMessage());
            }
            Tensor packed = Tensor.empty(DType.U8, call.device(), Math.max(1, bytes));
            long workspace = call.workspace(Conv2dCalls.packWorkspace(target, extents, nonzeros));
            call.check(Conv2dCalls.pack(
                    target,
                    extents,
                    KernelCall.address(weight.contiguous()),
                    mask == null ? 0 : KernelCall.address(mask.words()),
                    nonzeros,
                    KernelCall.address(packed),
                    workspace));
            return scope.keep(new PackedConv2d(backend, packed, input, weight.shape(), window, nonzeros));
        }
    }

    private static void requireShapes(
            KernelCall call, Tensor weight, @Nullable BitMask mask, Shape input, ConvolutionWindow window) {
        if (weight.rank() != 4 || input.rank() != 3 || input.dim(0) != weight.size(1) * window.groups()) {
            throw call.failure("expected a weight [k, c / groups, r, s] and an input [c, h, w], got " + weight.shape()
                    + " and " + input + " with " + window.groups() + " groups");
        }
        if (mask != null && !mask.shape().equals(weight.shape())) {
            throw call.failure("weight " + weight.shape() + ": its mask has shape " + mask.shape());
        }
    }

    static Tensor run(Backend backend, PackedConv2d packed, Tensor x, @Nullable Tensor bias, boolean relu) {
        Scope.current();
        KernelCall call = new KernelCall("conv2d " + packed.weight(), backend, List.of(x));
        if (packed.backend() != backend) {
            throw call.failure("the weights were packed for backend " + packed.backend());
        }
        call.require(DType.F32, bias == null ? List.of(x) : List.of(x, bias));
        Shape input = packed.input();
        if (x.rank() != 4 || !Shape.of(x.size(1), x.size(2), x.size(3)).equals(input)) {
            throw call.failure("expected images of shape " + input + ", got " + x.shape());
        }
        long outputs = packed.weight().dim(0);
        if (bias != null && !bias.shape().equals(Shape.of(outputs))) {
            throw call.failure("expected a bias of shape [" + outputs + "], got " + bias.shape());
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            KernelTarget target = call.target();
            Conv2dCalls.Extents extents = extents(x.size(0), input, packed.weight(), packed.window());
            Tensor output = Tensor.empty(
                    DType.F32,
                    call.device(),
                    x.size(0),
                    outputs,
                    packed.window().output(0, input.dim(1), packed.weight().dim(2)),
                    packed.window().output(1, input.dim(2), packed.weight().dim(3)));
            Conv2dCalls.Buffers buffers = new Conv2dCalls.Buffers(
                    KernelCall.address(x.contiguous()),
                    KernelCall.address(packed.packed()),
                    bias == null ? 0 : KernelCall.address(bias.contiguous()),
                    KernelCall.address(output),
                    call.workspace(Conv2dCalls.workspace(target, extents, packed.nonzeros())));
            call.check(Conv2dCalls.conv2d(target, extents, packed.nonzeros(), relu, buffers));
            return scope.keep(output);
        }
    }

    static Conv2dCalls.Extents extents(long n, Shape input, Shape weight, ConvolutionWindow window) {
        return new Conv2dCalls.Extents(
                new long[] {n, input.dim(0), input.dim(1), input.dim(2)}, weight.toArray(), window.numbers());
    }
}
