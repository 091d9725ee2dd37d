package dev.espalier.bench;

import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.ConvolutionWindow;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Epilogue;
import dev.espalier.runtime.Image16;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.PackedConv2d;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.TensorHolder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A 3x3 convolution by the kept weights alone, beside the dense one on the same weights with their zeros. */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls setup before anything else
public class MaskedConvolutionBenchmark {
    private static final long[] ONE = {1, 1};
    private static final ConvolutionWindow WINDOW = ConvolutionWindow.of(ONE, new long[] {1, 1, 1, 1}, ONE, 1);
    private static final int FILTER = 9;

    /** Channels in and out, and the image's side. */
    public enum Layer {
        C64_32X32(64, 32),
        C128_16X16(128, 16),
        C256_8X8(256, 8);

        private final int channels;
        private final int side;

        Layer(int channels, int side) {
            this.channels = channels;
            this.side = side;
        }
    }

    @Param
    public Layer layer;

    @Param({"0.8", "0.9", "0.95"})
    public double sparsity;

    @Param({"1", "32"})
    public int batch;

    private final Scope owner = Scope.owner("benchmark");
    private final Kernels kernels = Kernels.on(Device.CPU);
    private Tensor input;
    private Tensor weight;
    private Tensor inputLast;
    private Tensor weightLast;
    private PackedConv2d packed;
    private PackedConv2d vectors;
    private MaskedConv2d batches;
    private MaskedConv2d.Packed batchWeights;
    private Image16 laidInput;
    private Image16 laidOutput;

    @Setup
    public void prepare() {
        Rng.seed(1);
        int c = layer.channels;
        try (Scope scope = Scope.open()) {
            input = owner.adopt(Tensor.randn(Device.CPU, batch, c, layer.side, layer.side));
            weight = owner.adopt(Tensor.randn(Device.CPU, c, c, 3, 3));
            long removed = Math.round(sparsity * weight.numel());
            BitMask mask = kernels.masks(List.of(weight.abs()), removed).get(0);
            kernels.apply(List.of(weight), List.of(mask));
            inputLast = owner.adopt(input.channelsLast());
            weightLast = owner.adopt(weight.channelsLast());
            packed = kernels.packConv2d(weight, mask, Shape.of(c, layer.side, layer.side), WINDOW);
            packed.tensors().forEach(owner::adopt);
            Shape vectorMask = Kernels.vectorMask(weight.shape(), 1);
            Tensor draws = Tensor.rand(Device.CPU, vectorMask.toArray());
            BitMask keptVectors = kernels.masks(List.of(draws), Math.round(sparsity * vectorMask.numel()))
                    .get(0);
            vectors = kernels.packVectorConv2d(weight, keptVectors, Shape.of(c, layer.side, layer.side), WINDOW);
            vectors.tensors().forEach(owner::adopt);
            mask.tensors().forEach(owner::adopt);
            batches = kernels.maskedConv2d(mask, Shape.of(c, layer.side, layer.side), WINDOW);
            batchWeights = owned(batches.pack(weight));
            laidInput = owned(batches.input(input, null));
            laidOutput = owned(batches.forward(batchWeights, laidInput, null, null));
            Answer.require("weights kept", packed.kept(), weight.numel() - removed);
            // Two sums of n products each, in any order, differ by at most 2 n u times the sum of the magnitudes.
            Tensor tolerance = dense(input.abs(), weight.abs()).mul(Answer.EPSILON * c * FILTER);
            Tensor expected = dense(input, weight);
            Answer.requireClose("masked", kernels.conv2d(packed, input, Epilogue.NONE), expected, tolerance);
            Answer.requireClose("image16", batches.images(laidOutput, false), expected, tolerance);
            Answer.requireClose("channels last", dense(inputLast, weightLast), expected, tolerance);
        }
    }

    private <T extends TensorHolder> T owned(T value) {
        value.tensors().forEach(owner::adopt);
        return value;
    }

    private static Tensor dense(Tensor input, Tensor weight) {
        return Nn.conv2d(input, weight, null, WINDOW);
    }

    @TearDown
    public void close() {
        owner.close();
    }

    @Benchmark
    public void masked() {
        try (Scope scope = Scope.open()) {
            kernels.conv2d(packed, input, Epilogue.NONE);
        }
    }

    /** As many vectors of 16 weights as {@link #masked} keeps weights. */
    @Benchmark
    public void maskedVectors() {
        try (Scope scope = Scope.open()) {
            kernels.conv2d(vectors, input, Epilogue.NONE);
        }
    }

    /** Between layers that keep 16 images side by side. */
    @Benchmark
    public void maskedImage16() {
        batches.forward(batchWeights, laidInput, null, laidOutput);
    }

    /** From and to channels last. */
    @Benchmark
    public void maskedImage16Converted() {
        try (Scope scope = Scope.open()) {
            batches.images(batches.forward(batchWeights, batches.input(inputLast, laidInput), null, laidOutput), true);
        }
    }

    @Benchmark
    public void dense() {
        try (Scope scope = Scope.open()) {
            dense(input, weight);
        }
    }

    @Benchmark
    public void denseChannelsLast() {
        try (Scope scope = Scope.open()) {
            dense(inputLast, weightLast);
        }
    }
}
