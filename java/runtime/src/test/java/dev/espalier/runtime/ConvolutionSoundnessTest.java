package dev.espalier.runtime;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Dense convolutions and their gradients in F32 agree with F64, whatever library computes them on this machine. */
@ScopedTest
class ConvolutionSoundnessTest {
    private static final int CASES = 60;

    /** Sizes of one convolution; channels are seldom a multiple of a vector's lanes. */
    private record Case(int images, int in, int out, int kernel, int side, int stride, int dilation, boolean last) {
        static Case draw(Random random) {
            int kernel = random.nextInt(3) == 0 ? 1 : 3;
            return new Case(
                    List.of(1, 2, 4, 16, 19).get(random.nextInt(5)),
                    1 + random.nextInt(40),
                    1 + random.nextInt(40),
                    kernel,
                    6 + random.nextInt(12),
                    1 + random.nextInt(2),
                    kernel == 3 && random.nextInt(3) == 0 ? 2 : 1,
                    random.nextBoolean());
        }

        long pad() {
            return kernel / 2;
        }
    }

    static Stream<Case> cases() {
        Random random = new Random(1);
        return IntStream.range(0, CASES).mapToObj(i -> Case.draw(random));
    }

    /** Output, and the gradients of input and weight for an upstream gradient, by default the output itself. */
    private record Results(Tensor output, Tensor inputGradient, Tensor weightGradient) {
        static Results of(Case size, Tensor x, Tensor weight, @Nullable Tensor upstream) {
            Tensor leaf = x.detach().copy().setRequiresGrad(true);
            Tensor kernel = weight.detach().copy().setRequiresGrad(true);
            long[] stride = {size.stride(), size.stride()};
            long[] pads = {size.pad(), size.pad(), size.pad(), size.pad()};
            long[] dilation = {size.dilation(), size.dilation()};
            Tensor y = Nn.conv2d(leaf, kernel, null, ConvolutionWindow.of(stride, pads, dilation, 1));
            y.backward(upstream == null ? y.detach().copy() : upstream.to(x.dtype()));
            return new Results(y.detach(), requireNonNull(leaf.grad()), requireNonNull(kernel.grad()));
        }

        List<Tensor> all() {
            return List.of(output, inputGradient, weightGradient);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void singlePrecisionAgreesWithDouble(Case size) {
        Rng.seed(3);
        Tensor x = Tensor.randn(Device.CPU, size.images(), size.in(), size.side(), size.side());
        Tensor weight = Tensor.randn(Device.CPU, size.out(), size.in(), size.kernel(), size.kernel());
        Results got = Results.of(size, size.last() ? x.channelsLast() : x, weight, null);
        Results wanted = Results.of(size, x.to(DType.F64), weight.to(DType.F64), got.output());
        // Each number sums at most so many products: of taps and channels, or of pixels and images.
        double side = size.side();
        double terms = Math.max(9.0 * Math.max(size.in(), size.out()), side * side * size.images());
        for (int i = 0; i < 3; i++) {
            Tensor right = wanted.all().get(i);
            double scale = right.abs().max().item();
            double error = got.all().get(i).to(DType.F64).sub(right).abs().max().item();
            assertThat(error).isLessThanOrEqualTo(terms * 0x1p-23 * scale);
        }
    }
}
