package dev.espalier.runtime;

import dev.espalier.runtime.internal.Conv2dCalls;
import dev.espalier.runtime.internal.HalfConv2dCalls;
import dev.espalier.runtime.internal.HalfConv2dCalls.Layout;
import dev.espalier.runtime.internal.KernelTarget;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A convolution of 16-bit images by the weights that a mask keeps, packed once for one input shape; sums are F32. Made by
 * {@link Kernels#halfConv2d}.
 */
public final class HalfConv2d implements TensorHolder {
    /** Which weights are kept or dropped together. */
    public enum Pattern {
        /** Those at one position of 16 consecutive outputs of a group. */
        VECTOR16(16),
        /** Those at one position of 32 consecutive outputs of a group. */
        VECTOR32(32),
        /** Single ones, of every 4 consecutive channels of a group at most 2 at each tap; c / groups is a multiple of 4. */
        TWO_OF_FOUR(0);

        private final int vector;

        Pattern(int vector) {
            this.vector = vector;
        }

        /** The shape of a mask over a weight [k, c / groups, r, s]: its own, or [groups * ceil(k / groups / vector), c / groups, r, s]. */
        public Shape maskShape(Shape weight, long groups) {
            return vector == 0 ? weight : MaskedConvolution.vectors(weight, groups, vector);
        }
    }

    /**
     * What is computed with.
     *
     * @param dtype of images and packed weights: F16, or BF16, which needs compute capability 8.0
     * @param pattern of the mask; {@link Pattern#TWO_OF_FOUR} needs compute capability 8.0
     */
    public record Form(DType dtype, Pattern pattern) {
        /** Checks the type. */
        public Form {
            if (dtype != DType.F16 && dtype != DType.BF16) {
                throw new KernelException("half convolution: expected F16 or BF16, got " + dtype);
            }
        }
    }

    private final Backend backend;
    private final Form form;
    private final Tensor packed;
    private final Shape image;
    private final Shape weight;
    private final ConvolutionWindow window;
    private final long vectors;

    private HalfConv2d(
            Backend backend,
            Form form,
            Tensor packed,
            Shape image,
            Shape weight,
            ConvolutionWindow window,
            long vectors) {
        this.backend = backend;
        this.form = form;
        this.packed = packed;
        this.image = image;
        this.weight = weight;
        this.window = window;
        this.vectors = vectors;
    }

    static HalfConv2d pack(
            Backend backend, Form form, Tensor weight, @Nullable BitMask mask, Shape image, ConvolutionWindow window) {
        Scope.current();
        KernelCall call = new KernelCall("halfConv2d " + form, backend, List.of(weight));
        call.require(DType.F32, List.of(weight));
        MaskedConvolution.requireWeight(call, weight, image, window);
        Shape bits = form.pattern.maskShape(weight.shape(), window.groups());
        MaskedConvolution.requireMask(call, mask, weight, bits);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            KernelTarget target = call.target();
            long vectors = vectors(backend, form.pattern, mask, bits);
            Layout layout = layout(1, form, image, weight.shape(), window, vectors);
            long bytes = HalfConv2dCalls.packedBytes(target, layout);
            if (bytes < 0) {
                throw call.failure(KernelCall.lastMessage());
            }
            Tensor packed = Tensor.empty(DType.U8, call.device(), Math.max(1, bytes));
            call.check(HalfConv2dCalls.pack(
                    target,
                    layout,
                    KernelCall.address(weight.contiguous()),
                    mask == null ? 0 : KernelCall.address(mask.words()),
                    KernelCall.address(packed),
                    call.workspace(HalfConv2dCalls.packWorkspace(target, layout))));
            return scope.keep(new HalfConv2d(backend, form, packed, image, weight.shape(), window, vectors));
        }
    }

    private static long vectors(Backend backend, Pattern pattern, @Nullable BitMask mask, Shape bits) {
        if (pattern == Pattern.TWO_OF_FOUR) {
            return 0;
        }
        return mask == null ? bits.numel() : Masking.count(backend, List.of(mask))[0];
    }

    private static Layout layout(long n, Form form, Shape image, Shape weight, ConvolutionWindow window, long vectors) {
        return new Layout(
                MaskedConvolution.extents(n, image, weight, window),
                form.dtype == DType.F16 ? HalfConv2dCalls.F16 : HalfConv2dCalls.BF16,
                form.pattern.vector,
                vectors);
    }

    /** What it computes with. */
    public Form form() {
        return form;
    }

    /** The shape of the images that it takes, [c, h, w]. */
    public Shape image() {
        return image;
    }

    /**
     * The convolution, as {@link Nn#conv2d}, without gradients; the sum is rounded to the form's type after the epilogue.
     *
     * @param x of the form's type [n, c, h, w], any n; channels last, or it is copied
     * @param epilogue what is done to the sums; its bias is F32, its residual of the form's type [n, k, oh, ow], channels last, or it
     *     is copied
     * @return of the form's type [n, k, oh, ow], channels last
     */
    public Tensor run(Tensor x, Epilogue epilogue) {
        Scope.current();
        KernelCall call = new KernelCall("halfConv2d " + form + " " + weight, backend, List.of(x));
        call.require(form.dtype, List.of(x));
        call.requireDevice(1, packed);
        MaskedConvolution.requireImages(call, x, image);
        long n = x.size(0);
        Shape result = window.output(x.shape(), weight);
        epilogue.require(call, result, form.dtype);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            KernelTarget target = call.target();
            Layout layout = layout(n, form, image, weight, window, vectors);
            Tensor output = Tensor.empty(form.dtype, call.device(), n, result.dim(2), result.dim(3), result.dim(1));
            Conv2dCalls.Buffers buffers = new Conv2dCalls.Buffers(
                    KernelCall.address(x.channelsLast()),
                    KernelCall.address(packed),
                    KernelCall.address(output),
                    call.workspace(HalfConv2dCalls.workspace(target, layout)));
            call.check(HalfConv2dCalls.conv2d(target, layout, epilogue.finish(Tensor::channelsLast), buffers));
            return scope.keep(output.permute(0, 3, 1, 2));
        }
    }

    @Override
    public List<Tensor> tensors() {
        return List.of(packed);
    }

    @Override
    public String toString() {
        return "half conv2d " + weight + ", " + form + ", for " + backend;
    }
}
