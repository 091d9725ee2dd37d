package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.HalfConv2d.Form;
import dev.espalier.runtime.HalfConv2d.Pattern;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The sparse convolution of 16-bit images against libtorch's convolution by weights that were zeroed. */
@ScopedTest
class HalfConv2dTest {
    private static final long[] ONE = {1, 1};

    record Case(Shape image, Shape weight, ConvolutionWindow window) {
        Tensor run(Tensor x, Tensor weight) {
            return Nn.conv2d(x, weight, null, window);
        }
    }

    static Stream<Arguments> cases() {
        List<Case> cases = List.of(
                new Case(
                        Shape.of(12, 7, 9),
                        Shape.of(37, 12, 3, 3),
                        ConvolutionWindow.of(ONE, new long[] {1, 1, 1, 1}, ONE, 1)),
                new Case(
                        Shape.of(8, 8, 8),
                        Shape.of(40, 4, 3, 3),
                        ConvolutionWindow.of(new long[] {2, 1}, new long[] {0, 2, 1, 0}, ONE, 2)),
                new Case(
                        Shape.of(4, 12, 7),
                        Shape.of(5, 4, 3, 1),
                        ConvolutionWindow.of(ONE, new long[4], new long[] {2, 1}, 1)));
        return forms().flatMap(form -> cases.stream().map(c -> Arguments.of(form, c)));
    }

    static Stream<Form> forms() {
        return Stream.of(DType.F16, DType.BF16)
                .flatMap(dtype -> Arrays.stream(Pattern.values()).map(pattern -> new Form(dtype, pattern)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithLibtorch(Form form, Case size) {
        agrees(Kernels.of(Backend.REFERENCE), Device.CPU, form, size);
    }

    /** By a random mask and by none, with and without an epilogue, on a device. */
    static void agrees(Kernels kernels, Device device, Form form, Case size) {
        Rng.seed(3);
        long groups = size.window().groups();
        Tensor weight = Tensor.randn(Device.CPU, size.weight().toArray());
        Shape bits = form.pattern().maskShape(size.weight(), groups);
        Tensor draws = Tensor.rand(Device.CPU, bits.toArray());
        boolean pairs = form.pattern() == Pattern.TWO_OF_FOUR;
        Tensor kept = pairs
                ? largerTwoOfFour(draws).mul(draws.lt(0.7).to(DType.F32))
                : draws.lt(0.5).to(DType.F32);
        Tensor outputs = pairs ? kept : ofOutputs(form, kept, size);
        BitMask mask = BitMask.pack(kept.ne(0).to(device));
        HalfConv2d masked = kernels.halfConv2d(form, weight.to(device), mask, size.image(), size.window());
        check(masked, device, size, weight, outputs, Epilogue.Activation.RELU);
        HalfConv2d free = kernels.halfConv2d(form, weight.to(device), null, size.image(), size.window());
        Tensor all = pairs ? largerTwoOfFour(weight.abs()) : Tensor.ones(DType.F32, Device.CPU, bits.toArray());
        check(free, device, size, weight, pairs ? all : ofOutputs(form, all, size), Epilogue.Activation.NONE);
    }

    /** 1 where fewer than two of the four channels at a tap are larger; of values that all differ. */
    private static Tensor largerTwoOfFour(Tensor values) {
        Shape s = values.shape();
        Tensor fours = values.reshape(s.dim(0), s.dim(1) / 4, 4, 1, s.dim(2) * s.dim(3));
        Tensor others = fours.transpose(2, 3);
        return others.gt(fours).to(DType.F32).sum(false, 3).lt(2).to(DType.F32).reshape(s.toArray());
    }

    /** What a mask of vectors says about each weight. */
    private static Tensor ofOutputs(Form form, Tensor kept, Case size) {
        Shape weight = size.weight();
        long groups = size.window().groups();
        long vector = form.pattern() == Pattern.VECTOR32 ? 32 : 16;
        long blocks = kept.size(0) / groups;
        long positions = weight.dim(1) * weight.dim(2) * weight.dim(3);
        return kept.reshape(groups, blocks, 1, positions)
                .expand(groups, blocks, vector, positions)
                .reshape(groups, blocks * vector, positions)
                .narrow(1, 0, weight.dim(0) / groups)
                .reshape(weight.toArray());
    }

    private static void check(
            HalfConv2d conv, Device device, Case size, Tensor weight, Tensor outputs, Epilogue.Activation activation) {
        DType type = conv.form().dtype();
        boolean finishes = activation != Epilogue.Activation.NONE;
        Tensor rounded = weight.to(type).to(DType.F64).mul(outputs.to(DType.F64));
        for (long n : new long[] {1, 3}) {
            Shape image = size.image();
            Tensor x = Tensor.randn(Device.CPU, n, image.dim(0), image.dim(1), image.dim(2))
                    .to(type);
            Tensor sum = size.run(x.to(DType.F64), rounded);
            Tensor magnitude = size.run(x.to(DType.F64).abs(), rounded.abs());
            Epilogue epilogue = Epilogue.NONE;
            if (finishes) {
                Tensor bias = Tensor.randn(Device.CPU, weight.size(0));
                Tensor residual =
                        Tensor.randn(Device.CPU, sum.shape().toArray()).to(type);
                Tensor added = bias.to(DType.F64).reshape(1, -1, 1, 1).add(residual.to(DType.F64));
                sum = Nn.relu(sum.add(added));
                magnitude = magnitude
                        .add(bias.to(DType.F64).abs().reshape(1, -1, 1, 1))
                        .add(residual.to(DType.F64).abs());
                epilogue = new Epilogue(bias.to(device), residual.to(device), activation);
            }
            Tensor actual = conv.run(x.to(device), epilogue);
            assertThat(actual.shape()).isEqualTo(sum.shape());
            assertThat(actual.dtype()).isEqualTo(type);
            assertThat(actual.isChannelsLast()).isTrue();
            requireClose(actual.to(Device.CPU).to(DType.F64), sum, magnitude, rounded.numel() / rounded.size(0), type);
        }
    }

    /** Sums in single precision, of tensor cores that may cut instead of round, then one rounding to the type. */
    private static void requireClose(Tensor actual, Tensor wanted, Tensor magnitude, long terms, DType type) {
        double rounding = type == DType.BF16 ? 0x1p-8 : 0x1p-11;
        double least = type == DType.BF16 ? 0x1p-133 : 0x1p-24;
        Tensor before = magnitude.mul((terms + 8) * 0x1p-22);
        Tensor allowed = before.add(wanted.abs().add(before).mul(rounding)).add(least);
        assertThat(actual.sub(wanted).abs().sub(allowed).max().item()).isLessThanOrEqualTo(0);
    }

    @Test
    void takesImagesInAnyLayoutAndIsKeptWithItsTensors() {
        Kernels kernels = Kernels.of(Backend.REFERENCE);
        ConvolutionWindow window = ConvolutionWindow.of(ONE, new long[] {1, 1, 1, 1}, ONE, 1);
        Tensor weight = Tensor.randn(Device.CPU, 6, 4, 3, 3);
        Tensor x = Tensor.randn(Device.CPU, 2, 4, 5, 5).to(DType.BF16);
        HalfConv2d conv;
        try (Scope inner = Scope.open()) {
            conv = inner.keep(kernels.halfConv2d(
                    new Form(DType.BF16, Pattern.VECTOR16), weight.channelsLast(), null, Shape.of(4, 5, 5), window));
        }
        Tensor residual = Tensor.randn(Device.CPU, 2, 6, 5, 5).to(DType.BF16);
        float[] rowMajor = conv.run(x, new Epilogue(null, residual, Epilogue.Activation.NONE))
                .toFloatArray();
        float[] last = conv.run(x.channelsLast(), new Epilogue(null, residual.channelsLast(), Epilogue.Activation.NONE))
                .toFloatArray();
        assertThat(last).containsExactly(rowMajor);
        assertThat(conv.run(x.narrow(0, 0, 0), Epilogue.NONE).shape()).isEqualTo(Shape.of(0, 6, 5, 5));
    }

    @Test
    void refusesByName() {
        Kernels reference = Kernels.of(Backend.REFERENCE);
        ConvolutionWindow window = ConvolutionWindow.of(ONE, new long[4], ONE, 1);
        Tensor weight = Tensor.randn(Device.CPU, 20, 6, 3, 3);
        Shape image = Shape.of(6, 6, 6);
        Form vectors = new Form(DType.F16, Pattern.VECTOR16);
        Form pairs = new Form(DType.F16, Pattern.TWO_OF_FOUR);
        refused(() -> new Form(DType.F32, Pattern.VECTOR16), "expected F16 or BF16, got F32");
        refused(() -> reference.halfConv2d(pairs, weight, null, image, window), "multiple of 4 channels per group");
        refused(
                () -> Kernels.on(Device.CPU).halfConv2d(vectors, weight, null, image, window),
                "expected a kernel for conv2d_half_pack, got none in backend");
        refused(
                () -> reference.halfConv2d(vectors, weight, BitMask.pack(weight.gt(0)), image, window),
                "its mask must have shape [2, 6, 3, 3], got [20, 6, 3, 3]");
        refused(
                () -> reference.halfConv2d(vectors, weight, null, Shape.of(3, 6, 6), window),
                "expected a weight [k, c / groups, r, s] and an input [c, h, w]");
        Tensor four = Tensor.randn(Device.CPU, 2, 4, 1, 1);
        BitMask three = BitMask.pack(Tensor.of(new byte[] {1, 1, 1, 0, 1, 0, 0, 1}, 2, 4, 1, 1));
        refused(
                () -> reference.halfConv2d(pairs, four, three, Shape.of(4, 6, 6), window),
                "expected at most 2 kept of 4 channels, got 3");
        HalfConv2d conv = reference.halfConv2d(vectors, weight, null, image, window);
        Tensor x = Tensor.randn(Device.CPU, 1, 6, 6, 6);
        refused(() -> conv.run(x, Epilogue.NONE), "expected F16, got tensor F32");
        Tensor half = x.to(DType.F16);
        refused(() -> conv.run(half.narrow(2, 0, 5), Epilogue.NONE), "expected images of shape [6, 6, 6]");
        Tensor residual = Tensor.randn(Device.CPU, 1, 20, 4, 4);
        refused(
                () -> conv.run(half, new Epilogue(null, residual, Epilogue.Activation.NONE)),
                "expected F16, got tensor F32");
        refused(() -> conv.run(half, Epilogue.bias(half)), "expected a bias of shape [20]");
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(KernelException.class).hasMessageContaining(message);
    }
}
