package dev.espalier.runtime;

import dev.espalier.runtime.internal.Conv2dCalls;
import dev.espalier.runtime.internal.Conv2dCalls.Masked;
import dev.espalier.runtime.internal.Conv2dCalls.Pattern;
import dev.espalier.runtime.internal.KernelTarget;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Lays tensors out for the conv2d kernels. */
final class MaskedConvolution {
    private static final long VECTOR = 16;

    private MaskedConvolution() {}

    static PackedConv2d pack(
            Backend backend,
            Pattern pattern,
            Tensor weight,
            @Nullable BitMask mask,
            Shape input,
            ConvolutionWindow window) {
        Scope.current();
        KernelCall call = new KernelCall("packConv2d", backend, List.of(weight));
        call.require(DType.F32, List.of(weight));
        requireWeight(call, weight, input, window);
        Shape bits = maskShape(pattern, weight.shape(), window.groups());
        requireMask(call, mask, weight, bits);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            KernelTarget target = call.target();
            long kept = mask == null ? bits.numel() : Masking.count(backend, List.of(mask))[0];
            Masked conv = new Masked(pattern, extents(1, input, weight.shape(), window), kept);
            long bytes = Conv2dCalls.packedBytes(target, conv);
            if (bytes < 0) {
                throw call.failure(KernelCall.lastMessage());
            }
            Tensor packed = Tensor.empty(DType.U8, call.device(), Math.max(1, bytes));
            long workspace = call.workspace(Conv2dCalls.packWorkspace(target, conv));
            call.check(Conv2dCalls.pack(
                    target,
                    conv,
                    KernelCall.address(weight.contiguous()),
                    mask == null ? 0 : KernelCall.address(mask.words()),
                    KernelCall.address(packed),
                    workspace));
            return scope.keep(new PackedConv2d(backend, pattern, packed, input, weight.shape(), window, kept));
        }
    }

    static void requireWeight(KernelCall call, Tensor weight, Shape input, ConvolutionWindow window) {
        if (weight.rank() != 4 || input.rank() != 3 || input.dim(0) != weight.size(1) * window.groups()) {
            throw call.failure("expected a weight [k, c / groups, r, s] and an input [c, h, w], got " + weight.shape()
                    + " and " + input + " with " + window.groups() + " groups");
        }
    }

    static void requireMask(KernelCall call, @Nullable BitMask mask, Tensor weight, Shape bits) {
        if (mask == null) {
            return;
        }
        if (!mask.shape().equals(bits)) {
            throw call.failure(
                    "weight " + weight.shape() + ": its mask must have shape " + bits + ", got " + mask.shape());
        }
        call.requireDevice(1, mask.words());
    }

    /** The shape of a mask over a weight [k, c / groups, r, s]. */
    static Shape maskShape(Pattern pattern, Shape weight, long groups) {
        return switch (pattern) {
            case ELEMENT -> weight;
            case VECTOR16 -> vectors(weight, groups, VECTOR);
        };
    }

    /** The shape of a mask over the vectors of so many outputs of a group. */
    static Shape vectors(Shape weight, long groups, long vector) {
        long blocks = (weight.dim(0) / groups + vector - 1) / vector;
        return Shape.of(groups * blocks, weight.dim(1), weight.dim(2), weight.dim(3));
    }

    static Tensor run(Backend backend, PackedConv2d packed, Tensor x, Epilogue epilogue) {
        Scope.current();
        KernelCall call = new KernelCall("conv2d " + packed.weight(), backend, List.of(x));
        if (packed.backend() != backend) {
            throw call.failure("the weights were packed for backend " + packed.backend());
        }
        call.require(DType.F32, List.of(x));
        call.requireDevice(1, packed.packed());
        Shape input = packed.input();
        requireImages(call, x, input);
        Shape result = packed.window().output(x.shape(), packed.weight());
        epilogue.require(call, result);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            KernelTarget target = call.target();
            Masked conv = new Masked(
                    packed.pattern(), extents(x.size(0), input, packed.weight(), packed.window()), packed.kept());
            Tensor output = Tensor.empty(DType.F32, call.device(), result.toArray());
            Conv2dCalls.Buffers buffers = new Conv2dCalls.Buffers(
                    KernelCall.address(x.contiguous()),
                    KernelCall.address(packed.packed()),
                    KernelCall.address(output),
                    call.workspace(packed.workspaceBytes(
                            x.size(0), target.threads(), () -> Conv2dCalls.workspace(target, conv))));
            call.check(Conv2dCalls.conv2d(target, conv, epilogue.finish(), buffers));
            return scope.keep(output);
        }
    }

    static void requireImages(KernelCall call, Tensor x, Shape input) {
        if (x.rank() != 4 || !Shape.of(x.size(1), x.size(2), x.size(3)).equals(input)) {
            throw call.failure("expected images of shape " + input + ", got " + x.shape());
        }
    }

    static Conv2dCalls.Extents extents(long n, Shape input, Shape weight, ConvolutionWindow window) {
        return new Conv2dCalls.Extents(
                new long[] {n, input.dim(0), input.dim(1), input.dim(2)}, weight.toArray(), window.numbers());
    }
}
