package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels' masked convolution against libtorch's convolution by weights that were zeroed. */
@ScopedTest
class MaskedConvolutionTest {
    private static final long[] ONE = {1, 1};

    private record Case(Shape input, Shape weight, ConvolutionWindow window) {
        Tensor run(Tensor x, Tensor weight, @Nullable Tensor bias) {
            return Nn.conv2d(x, weight, bias, window);
        }
    }

    static Stream<Arguments> cases() {
        List<Case> cases = List.of(
                new Case(
                        Shape.of(3, 9, 11),
                        Shape.of(5, 3, 3, 3),
                        ConvolutionWindow.of(ONE, new long[] {1, 1, 1, 1}, ONE, 1)),
                new Case(
                        Shape.of(4, 8, 8),
                        Shape.of(6, 2, 3, 3),
                        ConvolutionWindow.of(new long[] {2, 1}, new long[] {0, 2, 1, 0}, ONE, 2)),
                new Case(
                        Shape.of(2, 12, 7),
                        Shape.of(17, 2, 3, 1),
                        ConvolutionWindow.of(ONE, new long[4], new long[] {2, 1}, 1)),
                new Case(Shape.of(33, 5, 5), Shape.of(16, 33, 1, 1), ConvolutionWindow.of(ONE, new long[4], ONE, 1)));
        return KernelsTest.cpu().flatMap(kernels -> cases.stream().map(c -> Arguments.of(kernels, c)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithLibtorch(Kernels kernels, Case size) {
        Rng.seed(3);
        Tensor weight = Tensor.randn(Device.CPU, size.weight().toArray());
        Tensor bias = Tensor.randn(Device.CPU, size.weight().dim(0));
        Tensor kept = Tensor.rand(Device.CPU, size.weight().toArray()).lt(0.4);
        BitMask mask = BitMask.pack(kept);
        check(kernels, size, weight, mask, weight.mul(kept.to(DType.F32)), bias, true);
        check(kernels, size, weight, null, weight, null, false);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void vectorsAgreeWithLibtorch(Kernels kernels, Case size) {
        Rng.seed(5);
        Shape shape = size.weight();
        long groups = size.window().groups();
        Tensor weight = Tensor.randn(Device.CPU, shape.toArray());
        Tensor kept = Tensor.rand(Device.CPU, Kernels.vectorMask(shape, groups).toArray())
                .lt(0.5)
                .to(DType.F32);
        long perGroup = shape.dim(0) / groups;
        Tensor outputs = kept.reshape(groups, -1, 1, shape.dim(1) * shape.dim(2) * shape.dim(3))
                .expand(groups, (perGroup + 15) / 16, 16, shape.dim(1) * shape.dim(2) * shape.dim(3))
                .reshape(groups, -1, shape.dim(1), shape.dim(2), shape.dim(3))
                .narrow(1, 0, perGroup)
                .reshape(shape.toArray());
        PackedConv2d packed = kernels.packVectorConv2d(weight, BitMask.pack(kept.ne(0)), size.input(), size.window());
        assertThat(packed.kept()).isEqualTo((long) kept.sum().item());
        check(kernels, size, packed, weight.mul(outputs), Tensor.randn(Device.CPU, shape.dim(0)), false);
    }

    @ParameterizedTest
    @EnumSource
    void finishesSums(Epilogue.Activation activation) {
        Rng.seed(6);
        ConvolutionWindow window = ConvolutionWindow.of(ONE, new long[] {1, 1, 1, 1}, ONE, 1);
        Tensor weight = Tensor.randn(Device.CPU, 5, 3, 3, 3);
        Tensor x = Tensor.randn(Device.CPU, 2, 3, 7, 9);
        Tensor bias = Tensor.randn(Device.CPU, 5);
        Tensor residual = Tensor.randn(Device.CPU, 2, 5, 7, 9).mul(4);
        Kernels kernels = Kernels.on(Device.CPU);
        PackedConv2d packed = kernels.packConv2d(weight, null, Shape.of(3, 7, 9), window);
        Tensor sums = kernels.conv2d(packed, x, Epilogue.bias(bias)).add(residual);
        Tensor wanted = switch (activation) {
            case NONE -> sums;
            case RELU -> sums.clamp(0, Double.POSITIVE_INFINITY);
            case RELU6 -> sums.clamp(0, 6);
            case SILU -> sums.mul(Nn.sigmoid(sums));
            case HARD_SWISH -> sums.mul(sums.div(6).add(0.5).clamp(0, 1));
        };
        Tensor actual = kernels.conv2d(packed, x, new Epilogue(bias, residual, activation));
        // One rounding of the sum at most, carried by a slope below 1.5, and a few of the activation itself.
        double error = actual.sub(wanted).abs().div(sums.abs().add(1)).max().item();
        assertThat(error).isLessThanOrEqualTo(8 * Math.ulp(1f));
        assertThatThrownBy(() -> kernels.conv2d(packed, x, new Epilogue(bias, bias, activation)))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected a residual of shape [2, 5, 7, 9], got [5]");
    }

    private static void check(
            Kernels kernels,
            Case size,
            Tensor weight,
            @Nullable BitMask mask,
            Tensor masked,
            @Nullable Tensor bias,
            boolean relu) {
        PackedConv2d packed = kernels.packConv2d(weight, mask, size.input(), size.window());
        assertThat(packed.kept()).isEqualTo(mask == null ? weight.numel() : mask.kept());
        check(kernels, size, packed, masked, bias, relu);
    }

    private static void check(
            Kernels kernels, Case size, PackedConv2d packed, Tensor masked, @Nullable Tensor bias, boolean relu) {
        for (long n : new long[] {1, 3}) {
            Shape in = size.input();
            Tensor x = Tensor.randn(Device.CPU, n, in.dim(0), in.dim(1), in.dim(2));
            Tensor expected = size.run(x, masked, bias);
            Tensor actual = kernels.conv2d(
                    packed, x, Epilogue.bias(bias).with(relu ? Epilogue.Activation.RELU : Epilogue.Activation.NONE));
            assertThat(actual.shape()).isEqualTo(expected.shape());
            Tensor wanted = relu ? Nn.relu(expected) : expected;
            // Both sum `terms` products (and the bias) in single precision: error bound of a sum of magnitudes.
            long terms = masked.numel() / masked.size(0) + 1;
            Tensor magnitude = size.run(x.abs(), masked.abs(), bias == null ? null : bias.abs());
            double excess = actual.sub(wanted)
                    .abs()
                    .sub(magnitude.mul(2 * terms * Math.ulp(1f) / 2))
                    .max()
                    .item();
            assertThat(excess).isLessThanOrEqualTo(0);
        }
    }

    @Test
    void refusesWhatItWasNotPackedFor() {
        Kernels kernels = Kernels.of(Backend.REFERENCE);
        Tensor weight = Tensor.randn(Device.CPU, 4, 2, 3, 3);
        ConvolutionWindow window = ConvolutionWindow.of(ONE, new long[4], ONE, 1);
        PackedConv2d packed = kernels.packConv2d(weight, null, Shape.of(2, 6, 6), window);
        Tensor x = Tensor.randn(Device.CPU, 1, 2, 7, 6);
        assertThatThrownBy(() -> kernels.conv2d(packed, x, Epilogue.NONE))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected images of shape [2, 6, 6], got [1, 2, 7, 6]");
        assertThatThrownBy(() -> Kernels.on(Device.CPU).conv2d(packed, x, Epilogue.NONE))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("packed for backend REFERENCE");
        assertThatThrownBy(() -> kernels.packConv2d(weight, null, Shape.of(3, 6, 6), window))
                .isInstanceOf(KernelException.class);
        assertThatThrownBy(() -> ConvolutionWindow.of(ONE, ONE, ONE, 1)).isInstanceOf(ShapeException.class);
    }
}
