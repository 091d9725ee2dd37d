package dev.espalier.plan;

import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.runtime.Backend;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.ConvolutionWindow;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Epilogue;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.PackedConv2d;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A convolution by its nonzero weights alone, packed once for one input shape. */
public final class MaskedConv implements NodeKernel {
    /** The kernels that compute it; each takes any weights. */
    public enum Kind {
        /** By single weights. */
        ELEMENT("conv2d_element_f32_"),
        /** By the vectors, of the weights at one position of 16 consecutive outputs, that are not all zero. */
        VECTOR16("conv2d_vector16_f32_"),
        /** By single weights, 16 images side by side. */
        IMAGE16("conv2d_image16_element_f32_");

        /** Fewer images leave most of a line of 16 unused. */
        public static final int LEAST_BATCH = 8;
        /** Where more vectors are kept, those that are hold mostly zeros. */
        private static final double MOST_VECTORS = 0.6;

        private final String prefix;

        Kind(String prefix) {
            this.prefix = prefix;
        }

        /** The registered name of the kernel in the fastest backend of this machine. */
        public String kernelName() {
            return Stream.of(Backend.AVX512, Backend.AVX2, Backend.REFERENCE)
                    .filter(Backend::available)
                    .flatMap(backend -> backend.kernels().stream())
                    .filter(name -> name.startsWith(prefix))
                    .findFirst()
                    .orElseThrow();
        }

        /** Those that may be the fastest for these weights and so many images; needs an open scope. */
        static List<Kind> worthTrying(Tensor weight, long groups, int batch) {
            double vectors = keptVectorShare(weight, groups);
            return Arrays.stream(values())
                    .filter(kind -> kind != VECTOR16 || vectors <= MOST_VECTORS)
                    .filter(kind -> kind != IMAGE16 || batch >= LEAST_BATCH)
                    .toList();
        }
    }

    /** Below this share of zeros no kernel of these has been seen to win, so none is tried. */
    static final double LEAST_SPARSITY = 0.7;

    /** What is packed: its tensors, and the convolution that uses them. */
    private record Packed(
            List<Tensor> tensors,
            Computation computation,
            @Nullable MaskedConv2d batches) {}

    @FunctionalInterface
    private interface Computation {
        Tensor apply(Tensor x, @Nullable Tensor bias);
    }

    private final Kind kind;
    private final Packed packed;

    private MaskedConv(Kind kind, Packed packed) {
        this.kind = kind;
        this.packed = packed;
    }

    /**
     * Packs the nonzero weights; the packed form belongs to the open scope.
     *
     * @param weight F32 [k, c / groups, r, s] on the CPU
     * @param image the images' shape, [c, h, w]
     */
    static MaskedConv pack(Kind kind, Conv conv, Tensor weight, Shape image) {
        ConvolutionWindow window = conv.over(image, weight.shape());
        Kernels kernels = Kernels.on(Device.CPU);
        Tensor dense = weight.contiguous();
        return new MaskedConv(
                kind,
                switch (kind) {
                    case ELEMENT ->
                        packed(kernels, kernels.packConv2d(dense, BitMask.pack(dense.ne(0)), image, window));
                    case VECTOR16 -> {
                        BitMask vectors = BitMask.pack(keptVectors(dense, conv.group()));
                        yield packed(kernels, kernels.packVectorConv2d(dense, vectors, image, window));
                    }
                    case IMAGE16 -> batches(kernels.maskedConv2d(BitMask.pack(dense.ne(0)), image, window), dense);
                });
    }

    private static Packed packed(Kernels kernels, PackedConv2d weights) {
        return new Packed(weights.tensors(), (x, bias) -> kernels.conv2d(weights, x, Epilogue.bias(bias)), null);
    }

    private static Packed batches(MaskedConv2d conv, Tensor weight) {
        MaskedConv2d.Packed weights = conv.pack(weight);
        List<Tensor> tensors = new ArrayList<>(weights.tensors());
        tensors.addAll(conv.mask().tensors());
        return new Packed(
                tensors,
                (x, bias) -> conv.images(conv.forward(weights, conv.input(x, null), bias, null), x.isChannelsLast()),
                conv);
    }

    /** The share of the vectors of 16 outputs that have a nonzero weight; needs an open scope. */
    static double keptVectorShare(Tensor weight, long groups) {
        return keptVectors(weight, groups).to(DType.F64).mean().item();
    }

    /** Which vectors of 16 outputs have a nonzero weight: BOOL of the shape {@link Kernels#vectorMask}. */
    private static Tensor keptVectors(Tensor weight, long groups) {
        long perGroup = weight.size(0) / groups;
        long positions = weight.numel() / weight.size(0);
        Tensor nonzero = weight.contiguous().ne(0).to(DType.F32).reshape(groups, perGroup, positions);
        List<Tensor> blocks = new ArrayList<>();
        for (long first = 0; first < perGroup; first += 16) {
            blocks.add(nonzero.narrow(1, first, Math.min(16, perGroup - first)).sum(false, 1));
        }
        return Tensor.stack(blocks, 1)
                .gt(0)
                .reshape(Kernels.vectorMask(weight.shape(), groups).toArray());
    }

    /** The convolution of batches, if it is of that kind. */
    Optional<MaskedConv2d> batches() {
        return Optional.ofNullable(packed.batches());
    }

    Kind kind() {
        return kind;
    }

    List<Tensor> tensors() {
        return packed.tensors();
    }

    /** The plan's operators expect channels last. */
    @Override
    public List<Tensor> evaluate(Evaluation evaluation, List<@Nullable Tensor> in) {
        Tensor bias = in.size() > 2 ? in.get(2) : null;
        Tensor x = Objects.requireNonNull(in.get(0));
        return List.of(packed.computation().apply(x, bias).channelsLast());
    }
}
