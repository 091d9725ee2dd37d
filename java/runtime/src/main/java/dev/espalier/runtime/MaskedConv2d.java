package dev.espalier.runtime;

import dev.espalier.runtime.internal.Conv2dCalls;
import dev.espalier.runtime.internal.Image16Calls;
import dev.espalier.runtime.internal.Image16Calls.Halo;
import dev.espalier.runtime.internal.Image16Calls.Images;
import dev.espalier.runtime.internal.Image16Calls.Layout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A convolution by the weights that a mask keeps, for batches on the CPU: the output and both gradients, as {@link Nn#conv2d}
 * and its backward pass give them, with the weight's gradient zero where the mask drops.
 *
 * <p>The values of the weights are given with each call, packed, so that they may change while the mask stays. Images go in and
 * come out as F32 [n, c, h, w], in row-major order or with channels last, any n; multiples of 16 images compute nothing in
 * vain. Sums do not depend on the number of threads. Nothing here is recorded for gradients.
 */
public final class MaskedConv2d {
    private final Backend backend;
    private final BitMask mask;
    private final Shape image;
    private final ConvolutionWindow window;
    private final long nonzeros;
    private final Halo input;
    private final Halo output;

    /** The kept weights in the form that one direction computes with. */
    public static final class Packed implements TensorHolder {
        private final Tensor entries;
        private final int direction;

        private Packed(Tensor entries, int direction) {
            this.entries = entries;
            this.direction = direction;
        }

        @Override
        public List<Tensor> tensors() {
            return List.of(entries);
        }
    }

    private MaskedConv2d(
            Backend backend,
            BitMask mask,
            Shape image,
            ConvolutionWindow window,
            long nonzeros,
            Halo input,
            Halo output) {
        this.backend = backend;
        this.mask = mask;
        this.image = image;
        this.window = window;
        this.nonzeros = nonzeros;
        this.input = input;
        this.output = output;
    }

    static MaskedConv2d of(Backend backend, BitMask mask, Shape image, ConvolutionWindow window) {
        KernelCall call = new KernelCall("maskedConv2d " + mask.shape(), backend, List.of(mask.words()));
        call.requireDevice(0, mask.words());
        Shape weight = mask.shape();
        if (weight.rank() != 4 || image.rank() != 3 || image.dim(0) != weight.dim(1) * window.groups()) {
            throw call.failure("expected a mask over [k, c / groups, r, s] and images [c, h, w], got " + weight
                    + " and " + image + " with " + window.groups() + " groups");
        }
        Conv2dCalls.Extents extents = MaskedConvolution.extents(1, image, weight, window);
        Halo input = Image16Calls.leastHalo(extents, Image16Calls.FORWARD);
        Halo output = Image16Calls.leastHalo(extents, Image16Calls.INPUT_GRADIENT);
        if (input.h() < 0 || output.h() < 0) {
            throw call.failure(KernelCall.lastMessage());
        }
        MaskedConv2d made = new MaskedConv2d(backend, mask, image, window, mask.kept(), input, output);
        for (int direction : new int[] {Image16Calls.FORWARD, Image16Calls.INPUT_GRADIENT}) {
            if (Image16Calls.packedBytes(call.target(), made.layout(1, direction)) < 0) {
                throw call.failure(KernelCall.lastMessage());
            }
        }
        return made;
    }

    /** The images' shape, [c, h, w]. */
    public Shape image() {
        return image;
    }

    /** The shape of the output for n images, [n, k, oh, ow]. */
    public Shape output(long n) {
        Images outputs = outputs(n);
        return Shape.of(n, outputs.c(), outputs.h(), outputs.w());
    }

    /** The mask over the weight [k, c / groups, r, s]. */
    public BitMask mask() {
        return mask;
    }

    /** The number of weights that take part. */
    public long nonzeros() {
        return nonzeros;
    }

    private Layout layout(long n, int direction) {
        boolean forward = direction == Image16Calls.FORWARD;
        return new Layout(
                MaskedConvolution.extents(n, image, mask.shape(), window),
                forward ? input : output,
                forward ? output : input,
                direction,
                nonzeros);
    }

    private Images inputs(long n) {
        return new Images(n, image.dim(0), image.dim(1), image.dim(2), input);
    }

    private Images outputs(long n) {
        Shape weight = mask.shape();
        return new Images(
                n,
                weight.dim(0),
                window.output(0, image.dim(1), weight.dim(2)),
                window.output(1, image.dim(2), weight.dim(3)),
                output);
    }

    // ---- layout

    /**
     * Lays out the convolution's input [n, c, h, w].
     *
     * @param into what is overwritten if it has the layout of the result; null or another: new memory, of the open scope
     */
    public Image16 input(Tensor images, @Nullable Image16 into) {
        return laidOut("input", images, inputs(images.rank() == 4 ? images.size(0) : 0), into);
    }

    /**
     * Lays out the gradient of the convolution's output [n, k, oh, ow].
     *
     * @param into as in {@link #input}; the output of {@link #forward} has this layout
     */
    public Image16 outputGradient(Tensor images, @Nullable Image16 into) {
        return laidOut("outputGradient", images, outputs(images.rank() == 4 ? images.size(0) : 0), into);
    }

    private Image16 laidOut(String what, Tensor images, Images extents, @Nullable Image16 into) {
        Scope.current();
        KernelCall call = new KernelCall("maskedConv2d " + mask.shape() + " " + what, backend, List.of(images));
        call.require(DType.F32, List.of(images));
        Shape wanted = Shape.of(extents.n(), extents.c(), extents.h(), extents.w());
        if (!images.shape().equals(wanted)) {
            throw call.failure("expected images of shape [" + extents.c() + ", " + extents.h() + ", " + extents.w()
                    + "], got " + images.shape());
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            boolean channelsLast = images.isChannelsLast() && !images.isContiguous();
            Tensor dense = channelsLast ? images : images.contiguous();
            Image16 laid = Image16.empty(call, extents, into);
            call.check(Image16Calls.fromImages(
                    call.target(), extents, channelsLast, KernelCall.address(dense), laid.address()));
            return scope.keep(laid);
        }
    }

    /** The images as a tensor [n, c, h, w], in row-major order or with channels last. */
    public Tensor images(Image16 laid, boolean channelsLast) {
        Scope.current();
        KernelCall call = new KernelCall("maskedConv2d " + mask.shape() + " images", backend, laid.tensors());
        Images e = laid.extents();
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Tensor memory = channelsLast
                    ? Tensor.empty(DType.F32, Device.CPU, e.n(), e.h(), e.w(), e.c())
                    : Tensor.empty(DType.F32, Device.CPU, e.n(), e.c(), e.h(), e.w());
            call.check(
                    Image16Calls.toImages(call.target(), e, channelsLast, laid.address(), KernelCall.address(memory)));
            return scope.keep(channelsLast ? memory.permute(0, 3, 1, 2) : memory);
        }
    }

    // ---- computing

    /** Packs the kept values of a weight [k, c / groups, r, s] for {@link #forward} and {@link #weightGradient}. */
    public Packed pack(Tensor weight) {
        return packed(weight, Image16Calls.FORWARD);
    }

    /** Packs the kept values of a weight [k, c / groups, r, s] for {@link #inputGradient}. */
    public Packed packForInputGradient(Tensor weight) {
        return packed(weight, Image16Calls.INPUT_GRADIENT);
    }

    private Packed packed(Tensor weight, int direction) {
        Scope.current();
        KernelCall call = new KernelCall("maskedConv2d " + mask.shape() + " pack", backend, List.of(weight));
        call.require(DType.F32, List.of(weight));
        if (!weight.shape().equals(mask.shape())) {
            throw call.failure("expected a weight of the mask's shape " + mask.shape() + ", got " + weight.shape());
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Layout layout = layout(1, direction);
            long bytes = Image16Calls.packedBytes(call.target(), layout);
            Tensor entries = Tensor.empty(DType.U8, Device.CPU, Math.max(1, bytes));
            call.check(Image16Calls.pack(
                    call.target(),
                    layout,
                    KernelCall.address(weight.contiguous()),
                    KernelCall.address(mask.words()),
                    KernelCall.address(entries)));
            return scope.keep(new Packed(entries, direction));
        }
    }

    /**
     * The convolution.
     *
     * @param bias F32 [k], or null
     * @param into as in {@link #input}; not x
     */
    public Image16 forward(Packed weights, Image16 x, @Nullable Tensor bias, @Nullable Image16 into) {
        return run(
                "forward", weights, Image16Calls.FORWARD, x, inputs(x.extents().n()), bias, into);
    }

    /**
     * The gradient of the input from that of the output.
     *
     * @param into as in {@link #input}, whose result has this layout; not the output's gradient
     */
    public Image16 inputGradient(Packed weights, Image16 outputGradient, @Nullable Image16 into) {
        Images expected = outputs(outputGradient.extents().n());
        return run("inputGradient", weights, Image16Calls.INPUT_GRADIENT, outputGradient, expected, null, into);
    }

    private Image16 run(
            String what,
            Packed weights,
            int direction,
            Image16 source,
            Images expected,
            @Nullable Tensor bias,
            @Nullable Image16 into) {
        Scope.current();
        KernelCall call = new KernelCall("maskedConv2d " + mask.shape() + " " + what, backend, source.tensors());
        requireLayout(call, source, expected);
        requireDirection(call, weights, direction);
        Epilogue epilogue = Epilogue.bias(bias);
        epilogue.require(call, Shape.of(source.extents().n(), mask.shape().dim(0), 0, 0));
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            long n = source.extents().n();
            Layout layout = layout(n, direction);
            Images extents = direction == Image16Calls.FORWARD ? outputs(n) : inputs(n);
            Image16 result = Image16.empty(call, extents, into == source ? null : into);
            Image16Calls.Buffers buffers = new Image16Calls.Buffers(
                    source.address(),
                    KernelCall.address(weights.entries),
                    epilogue.finish(),
                    result.address(),
                    call.workspace(Image16Calls.workspace(call.target(), layout)));
            call.check(Image16Calls.conv2d(call.target(), layout, buffers));
            return scope.keep(result);
        }
    }

    private static void requireLayout(KernelCall call, Image16 given, Images expected) {
        if (!given.extents().equals(expected)) {
            throw call.failure(
                    "expected images laid out by this convolution as " + expected + ", got " + given.extents());
        }
    }

    private static void requireDirection(KernelCall call, Packed weights, int direction) {
        if (weights.direction != direction) {
            throw call.failure("the weights were packed for the other direction");
        }
    }

    /**
     * The gradient of the weight [k, c / groups, r, s]: zero where the mask drops.
     *
     * @param weights as for {@link #forward}
     */
    public Tensor weightGradient(Packed weights, Image16 x, Image16 outputGradient) {
        Scope.current();
        KernelCall call = new KernelCall("maskedConv2d " + mask.shape() + " weightGradient", backend, x.tensors());
        long n = x.extents().n();
        requireLayout(call, x, inputs(n));
        requireLayout(call, outputGradient, outputs(n));
        requireDirection(call, weights, Image16Calls.FORWARD);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Layout layout = layout(n, Image16Calls.FORWARD);
            Tensor gradient = Tensor.empty(DType.F32, Device.CPU, mask.shape().toArray());
            Image16Calls.GradientBuffers buffers = new Image16Calls.GradientBuffers(
                    x.address(),
                    outputGradient.address(),
                    KernelCall.address(weights.entries),
                    KernelCall.address(mask.words()),
                    KernelCall.address(gradient),
                    call.workspace(Image16Calls.gradientWorkspace(call.target(), layout)));
            call.check(Image16Calls.weightGradient(call.target(), layout, buffers));
            return scope.keep(gradient);
        }
    }

    @Override
    public String toString() {
        return "masked conv2d " + mask.shape() + ", " + nonzeros + " weights, for " + backend;
    }
}
