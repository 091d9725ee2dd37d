package dev.espalier.runtime;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The masked convolution of batches and its gradients against libtorch's autograd by weights that were zeroed. */
@ScopedTest
class MaskedConv2dTest {
    private static final long[] ONE = {1, 1};

    private record Case(Shape image, Shape weight, ConvolutionWindow window) {
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
                new Case(
                        Shape.of(33, 6, 6),
                        Shape.of(16, 33, 1, 1),
                        ConvolutionWindow.of(new long[] {2, 2}, new long[4], ONE, 1)));
        return KernelsTest.cpu().flatMap(kernels -> cases.stream().map(c -> Arguments.of(kernels, c)));
    }

    /** Output and gradients of one case by autograd; with absolute values, the magnitudes that bound the errors. */
    private record Expected(Tensor output, Tensor inputGradient, Tensor weightGradient) {
        static Expected of(Case size, Tensor x, Tensor weight, @Nullable Tensor bias, Tensor upstream) {
            Tensor leaf = x.detach().copy().setRequiresGrad(true);
            Tensor kept = weight.detach().copy().setRequiresGrad(true);
            Tensor y = size.run(leaf, kept, bias);
            y.backward(upstream);
            return new Expected(y.detach(), requireNonNull(leaf.grad()), requireNonNull(kept.grad()));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void agreesWithAutograd(Kernels kernels, Case size) {
        Rng.seed(3);
        Tensor weight = Tensor.randn(Device.CPU, size.weight().toArray());
        Tensor bias = Tensor.randn(Device.CPU, size.weight().dim(0));
        Tensor kept = Tensor.rand(Device.CPU, size.weight().toArray()).lt(0.4);
        MaskedConv2d conv = kernels.maskedConv2d(BitMask.pack(kept), size.image(), size.window());
        Tensor masked = weight.mul(kept.to(DType.F32));
        for (long n : new long[] {1, 16, 19}) {
            Shape in = size.image();
            Tensor x = Tensor.randn(Device.CPU, n, in.dim(0), in.dim(1), in.dim(2));
            Tensor upstream =
                    Tensor.randn(Device.CPU, size.run(x, masked, bias).shape().toArray());
            Expected wanted = Expected.of(size, x, masked, bias, upstream);
            Expected magnitude = Expected.of(size, x.abs(), masked.abs(), bias.abs(), upstream.abs());
            for (boolean channelsLast : new boolean[] {false, true}) {
                Tensor given = channelsLast ? x.channelsLast() : x;
                Image16 source = conv.input(given, null);
                Image16 gradient = conv.outputGradient(channelsLast ? upstream.channelsLast() : upstream, null);
                MaskedConv2d.Packed packed = conv.pack(weight);
                Image16 forward = conv.forward(packed, source, bias, null);
                Tensor y = conv.images(forward, channelsLast);
                assertThat(y.isChannelsLast())
                        .isEqualTo(channelsLast || y.channelsLast().isContiguous());
                long taps = weight.numel() / weight.size(0);
                requireClose(y, wanted.output(), magnitude.output(), taps + 1);
                Image16 down = conv.inputGradient(conv.packForInputGradient(weight), gradient, null);
                long tapsBack = weight.numel() / weight.size(1);
                requireClose(
                        conv.images(down, channelsLast), wanted.inputGradient(), magnitude.inputGradient(), tapsBack);
                Tensor mine = conv.weightGradient(packed, source, gradient);
                long pixels = n * y.size(2) * y.size(3);
                Tensor on = kept.to(DType.F32);
                requireClose(mine, wanted.weightGradient().mul(on), magnitude.weightGradient(), pixels);
                // The same again in memory that is at hand, which holds something else.
                assertThat(conv.outputGradient(upstream, forward)).isSameAs(forward);
                assertThat(conv.forward(packed, source, bias, forward)).isSameAs(forward);
                assertThat(conv.images(forward, channelsLast).toFloatArray()).isEqualTo(y.toFloatArray());
                assertThat(conv.input(given, forward)).isNotSameAs(forward);
                assertThat(mine.mul(kept.logicalNot().to(DType.F32)).abs().max().item())
                        .isZero();
            }
        }
    }

    /** Both sides sum so many products in single precision: the error bound of a sum of magnitudes. */
    private static void requireClose(Tensor actual, Tensor wanted, Tensor magnitude, long terms) {
        assertThat(actual.shape()).isEqualTo(wanted.shape());
        double excess = actual.sub(wanted)
                .abs()
                .sub(magnitude.mul(2 * terms * Math.ulp(1f) / 2))
                .max()
                .item();
        assertThat(excess).isLessThanOrEqualTo(0);
    }

    @Test
    void refusesWhatWasMadeForAnotherConvolution() {
        Kernels kernels = Kernels.of(Backend.REFERENCE);
        Tensor weight = Tensor.randn(Device.CPU, 4, 2, 3, 3);
        BitMask mask = BitMask.pack(weight.gt(0));
        ConvolutionWindow window = ConvolutionWindow.of(ONE, new long[] {1, 1, 1, 1}, ONE, 1);
        MaskedConv2d conv = kernels.maskedConv2d(mask, Shape.of(2, 6, 6), window);
        Tensor x = Tensor.randn(Device.CPU, 1, 2, 6, 6);
        MaskedConv2d.Packed packed = conv.pack(weight);
        assertThatThrownBy(() -> conv.input(Tensor.randn(Device.CPU, 1, 2, 7, 6), null))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected images of shape [2, 6, 6], got [1, 2, 7, 6]");
        assertThatThrownBy(() -> conv.inputGradient(
                        packed, conv.outputGradient(Tensor.randn(Device.CPU, 1, 4, 6, 6), null), null))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("packed for the other direction");
        assertThatThrownBy(() -> conv.inputGradient(conv.packForInputGradient(weight), conv.input(x, null), null))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected images laid out by this convolution");
        assertThatThrownBy(() -> conv.pack(Tensor.randn(Device.CPU, 4, 2, 1, 1)))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected a weight of the mask's shape [4, 2, 3, 3]");
        assertThatThrownBy(() -> kernels.maskedConv2d(mask, Shape.of(3, 6, 6), window))
                .isInstanceOf(KernelException.class);
        assertThatThrownBy(() -> conv.forward(packed, conv.input(x, null), Tensor.randn(Device.CPU, 3), null))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected a bias of shape [4], got [3]");
    }
}
