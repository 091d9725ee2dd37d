package dev.espalier.runtime;

import dev.espalier.runtime.internal.Conv2dCalls.Pattern;
import dev.espalier.runtime.internal.ScoreCalls;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The native kernels of one backend.
 *
 * <p>Weights, gradients and scores are F32; all tensors of one call lie on one device: the CPU, or a CUDA device for
 * {@link Backend#CUDA}. A tensor that is not contiguous is copied first. New tensors belong to the innermost open scope.
 * Failures are {@link KernelException}, or {@link DeviceLostException} when the process has to be restarted. Instances are
 * thread-safe; {@link Threads} says how many threads a call uses.
 */
public final class Kernels {
    private final Backend backend;

    private Kernels(Backend backend) {
        this.backend = backend;
    }

    /** The fastest backend for tensors on a device. */
    public static Kernels on(Device device) {
        return of(device.isCuda() ? Backend.CUDA : Backend.AUTO);
    }

    /**
     * The kernels of a backend.
     *
     * @throws KernelException with the cause if it cannot run here
     */
    public static Kernels of(Backend backend) {
        backend.cause().ifPresent(cause -> {
            throw new KernelException("backend " + backend + " is not available: " + cause);
        });
        return new Kernels(backend);
    }

    /** The backends that can run here. */
    public static List<Backend> backends() {
        return Arrays.stream(Backend.values()).filter(Backend::available).toList();
    }

    /** The backend of these kernels. */
    public Backend backend() {
        return backend;
    }

    // ---- score

    /** How much one weight w with gradient g matters. */
    public enum Importance {
        /** |w|. */
        MAGNITUDE(ScoreCalls.MAGNITUDE, false),
        /** |g|. */
        GRADIENT(ScoreCalls.GRADIENT, true),
        /** g: small or negative gradients matter least; over a channel, max(g, 0). */
        SIGNED_GRADIENT(ScoreCalls.SIGNED_GRADIENT, true),
        /** |w * g|, the first-order change of the loss. */
        TAYLOR(ScoreCalls.TAYLOR, true);

        private final int code;
        private final boolean gradient;

        Importance(int code, boolean gradient) {
            this.code = code;
            this.gradient = gradient;
        }

        /** True if it reads gradients. */
        public boolean needsGradient() {
            return gradient;
        }

        int code() {
            return code;
        }
    }

    /** How the importances e of a channel's elements become one score. */
    public enum Norm {
        /** The sum of |e|. */
        L1(ScoreCalls.L1),
        /** The square root of the sum of e * e. */
        L2(ScoreCalls.L2),
        /** The greatest |e|. */
        LINF(ScoreCalls.LINF);

        private final int code;

        Norm(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /**
     * Scores single weights.
     *
     * @param gradients one per weight, of its shape; empty if the importance does not read them
     * @return one F32 tensor per weight, of its shape
     */
    public List<Tensor> score(Importance importance, List<Tensor> weights, List<Tensor> gradients) {
        return Scoring.elements(backend, importance, weights, gradients);
    }

    /**
     * The places of a tensor that belong to the channels of a group: channel c owns, along {@code axis}, the indices
     * {@code offset + c * repeat + r} for 0 <= r < repeat.
     *
     * @param weight F32
     * @param gradient of the weight's shape; null if the importance does not read it
     * @param axis which axis counts the channels
     * @param offset index of the first channel
     * @param channels number of channels
     * @param repeat consecutive indices per channel, at least 1
     */
    public record ChannelSlice(
            Tensor weight, @Nullable Tensor gradient, int axis, long offset, long channels, long repeat) {
        /** Checks that the slice lies inside the axis. */
        public ChannelSlice {
            Objects.requireNonNull(weight, "weight");
            if (axis < 0 || axis >= weight.rank()) {
                throw new ShapeException("channel slice of " + weight.shape() + ": no axis " + axis);
            }
            if (offset < 0 || channels < 1 || repeat < 1 || offset + channels * repeat > weight.size(axis)) {
                throw new ShapeException("channel slice of " + weight.shape() + " on axis " + axis
                        + ": expected indices below " + weight.size(axis) + ", got offset " + offset + ", " + channels
                        + " channels, repeat " + repeat);
            }
            if (gradient != null && !gradient.shape().equals(weight.shape())) {
                throw new ShapeException(
                        "channel slice of " + weight.shape() + ": its gradient has shape " + gradient.shape());
            }
        }
    }

    /**
     * Scores channels: the norm of the importances of all elements that a channel owns, over all slices of its group. The
     * result does not depend on the number of threads.
     *
     * @param groups the slices of each group, all with the same number of channels
     * @return one F32 tensor [channels] per group
     */
    public List<Tensor> scoreChannels(Importance importance, Norm norm, List<List<ChannelSlice>> groups) {
        return Scoring.channels(backend, importance, norm, groups);
    }

    // ---- select, mask

    /**
     * Where k smallest elements end: everything below {@code value}, and the first {@code ties} equal to it.
     *
     * @param value the k-th smallest; -infinity for k = 0
     * @param below number of elements below the value
     * @param ties number of elements equal to the value that are selected; below + ties = k
     */
    public record Selection(float value, long below, long ties) {}

    /**
     * Finds the k smallest elements over all tensors, exactly.
     *
     * @param scores F32
     * @param k from 0 to the number of all elements
     * @throws KernelException if k is out of range or a score is not a number, naming tensor and element
     */
    public Selection select(List<Tensor> scores, long k) {
        return Masking.select(backend, scores, k);
    }

    /**
     * The masks that prune exactly the k smallest elements in the order (value, tensor, index).
     *
     * @param scores F32
     * @param k from 0 to the number of all elements
     * @return one mask per tensor
     * @throws KernelException as {@link #select}
     */
    public List<BitMask> masks(List<Tensor> scores, long k) {
        return Masking.masks(backend, scores, k);
    }

    BitMask pack(Tensor kept) {
        return Masking.pack(backend, kept);
    }

    Tensor unpack(BitMask mask) {
        return Masking.unpack(backend, mask);
    }

    /** Sets, in place, every weight to +0 whose bit is 0, also where it is not finite. */
    public void apply(List<Tensor> weights, List<BitMask> masks) {
        Masking.apply(backend, weights, masks);
    }

    /** The number of elements that each mask keeps; waits for the device. */
    public long[] count(List<BitMask> masks) {
        return Masking.count(backend, masks);
    }

    // ---- update

    /**
     * Moves weights by their gradients: one launch for all. Where a mask is 0, weight and state become +0, whatever they and the
     * gradient were.
     *
     * @param gradientScale what every gradient is multiplied by; 1, or for clipping and accumulation
     * @throws KernelException if a setting is out of range, naming it
     */
    public void update(UpdateRule rule, List<UpdateRule.Parameter> parameters, double gradientScale) {
        Updating.update(backend, rule, parameters, gradientScale, null);
    }

    /**
     * As {@link #update}, and scores every weight on the way: the weight before the update and its scaled gradient, in which the
     * mask plays no part, as regrowth needs it.
     *
     * @return one F32 tensor per weight, of its shape
     */
    public List<Tensor> scoreAndUpdate(
            Importance importance, UpdateRule rule, List<UpdateRule.Parameter> parameters, double gradientScale) {
        return Updating.update(backend, rule, parameters, gradientScale, importance);
    }

    // ---- gather

    /**
     * What stays of a tensor along one or two axes.
     *
     * @param source of any element type
     * @param axis0 the first axis to shorten
     * @param keep0 I64 indices along it that stay, in their new order; null keeps all
     * @param axis1 the second axis, greater than axis0; -1 if there is none
     * @param keep1 as keep0; null keeps all
     */
    public record Removal(
            Tensor source,
            int axis0,
            @Nullable Tensor keep0,
            int axis1,
            @Nullable Tensor keep1) {
        /** Checks the axes. */
        public Removal {
            Objects.requireNonNull(source, "source");
            if (axis0 < 0 || axis0 >= source.rank() || axis1 >= source.rank() || (axis1 != -1 && axis1 <= axis0)) {
                throw new ShapeException("removal from " + source.shape()
                        + ": expected two axes in rising order, or one and -1, got " + axis0 + " and " + axis1);
            }
            if (axis1 == -1 && keep1 != null) {
                throw new ShapeException(
                        "removal from " + source.shape() + ": indices for a second axis that is not named");
            }
        }
    }

    /**
     * Makes shorter tensors: one launch for all.
     *
     * @return one contiguous tensor per removal, of its source's type
     * @throws KernelException if an index is out of range
     */
    public List<Tensor> gather(List<Removal> removals) {
        return Gathering.gather(backend, removals);
    }

    // ---- masked convolution

    /**
     * Packs the weights that a mask keeps.
     *
     * @param weight F32 [k, c / groups, r, s]
     * @param mask over the weight; null keeps all
     * @param input the images' shape, [c, h, w]
     * @throws KernelException if this backend has no kernel for these extents
     */
    public PackedConv2d packConv2d(Tensor weight, @Nullable BitMask mask, Shape input, ConvolutionWindow window) {
        return MaskedConvolution.pack(backend, Pattern.ELEMENT, weight, mask, input, window);
    }

    /**
     * Packs the weights of the vectors that a mask keeps; a vector is the weights at one position of 16 consecutive outputs of a
     * group.
     *
     * @param weight F32 [k, c / groups, r, s], read whole where a vector is kept
     * @param mask over the vectors, of the shape that {@link #vectorMask} gives; null keeps all
     * @param input the images' shape, [c, h, w]
     * @throws KernelException if this backend has no kernel for these extents
     */
    public PackedConv2d packVectorConv2d(Tensor weight, @Nullable BitMask mask, Shape input, ConvolutionWindow window) {
        return MaskedConvolution.pack(backend, Pattern.VECTOR16, weight, mask, input, window);
    }

    /**
     * The shape of a mask over the vectors of a weight [k, c / groups, r, s]: [groups * ceil(k / groups / 16), c / groups, r, s].
     */
    public static Shape vectorMask(Shape weight, long groups) {
        return MaskedConvolution.maskShape(Pattern.VECTOR16, weight, groups);
    }

    /**
     * The convolution by the kept weights, as {@link Nn#conv2d}, without gradients.
     *
     * @param packed for this backend
     * @param x F32 [n, c, h, w], any n
     * @param epilogue what is done to the sums; its residual is [n, k, oh, ow]
     * @return F32 [n, k, oh, ow], contiguous
     */
    public Tensor conv2d(PackedConv2d packed, Tensor x, Epilogue epilogue) {
        return MaskedConvolution.run(backend, packed, x, epilogue);
    }

    /**
     * A masked convolution for batches on the CPU, with its gradients.
     *
     * @param mask over the weight [k, c / groups, r, s]; the convolution shares it and does not own it
     * @param image the images' shape, [c, h, w]
     * @throws KernelException if this backend has no kernel for these extents
     */
    public MaskedConv2d maskedConv2d(BitMask mask, Shape image, ConvolutionWindow window) {
        return MaskedConv2d.of(backend, mask, image, window);
    }

    /**
     * Packs the weights that a mask keeps for a convolution of 16-bit images, on tensor cores; for {@link Backend#CUDA} and
     * {@link Backend#REFERENCE}.
     *
     * @param weight F32 [k, c / groups, r, s], rounded to the form's type
     * @param mask of the shape {@link HalfConv2d.Pattern#maskShape}; null keeps all vectors, or the two of four of largest magnitude
     * @param image the images' shape, [c, h, w]
     * @throws KernelException if this backend or device has no kernel for these extents and this form
     */
    public HalfConv2d halfConv2d(
            HalfConv2d.Form form, Tensor weight, @Nullable BitMask mask, Shape image, ConvolutionWindow window) {
        return HalfConv2d.pack(backend, form, weight, mask, image, window);
    }

    // ---- convolution that skips channels

    /**
     * Lists the channels that a mask keeps, without a look at it by the host; for {@link Backend#CUDA} and
     * {@link Backend#REFERENCE}.
     *
     * @param mask [channels]
     */
    public ChannelList channelList(BitMask mask) {
        return ChannelConvolution.list(backend, mask);
    }

    /**
     * The dense convolution, as {@link Nn#conv2d} by weights that are zero in all dropped channels, but dropped inputs and weights
     * are not read and may hold anything; without gradients. For {@link Backend#CUDA} and {@link Backend#REFERENCE}.
     *
     * @param x F32 [n, c, h, w]
     * @param weight F32 [k, c / groups, r, s], whole
     * @param live which inputs and outputs take part
     * @param epilogue what is done to the sums, those of dropped outputs being 0; its residual is [n, k, oh, ow]
     * @return F32 [n, k, oh, ow], contiguous
     */
    public Tensor conv2d(Tensor x, Tensor weight, LiveChannels live, ConvolutionWindow window, Epilogue epilogue) {
        return ChannelConvolution.run(backend, x, weight, live, window, epilogue);
    }
}
