package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

@ScopedTest
class NnTest {
    private static final long[] ONE = {1, 1};
    private static final long[] NONE = {0, 0, 0, 0};

    /** 1 to 16 as [1, 1, 4, 4]. */
    private static Tensor image() {
        return Tensor.arange(16, Device.CPU).add(1).to(DType.F32).reshape(1, 1, 4, 4);
    }

    private static Tensor ones(long... shape) {
        return Tensor.ones(DType.F32, Device.CPU, shape);
    }

    private static Tensor vector(float... values) {
        return Tensor.of(values, values.length);
    }

    /** On the CPU the steps are those of the operators. */
    @Test
    void convolvesAddsAndCutsAtZero() {
        Rng.seed(1);
        Tensor x = Tensor.randn(Device.CPU, 2, 3, 7, 6);
        Tensor weight = Tensor.randn(Device.CPU, 4, 3, 3, 3);
        Tensor bias = Tensor.randn(Device.CPU, 4);
        long[] stride = {2, 1};
        long[] pads = {1, 0, 0, 2};
        long[] dilation = {1, 2};
        ConvolutionWindow window = ConvolutionWindow.of(stride, pads, dilation, 1);
        Tensor sum = Nn.conv2d(x, weight, bias, window);
        Tensor residual = Tensor.randn(Device.CPU, sum.shape().toArray());
        assertThat(Nn.conv2dRelu(x, weight, bias, null, window).toFloatArray())
                .containsExactly(Nn.relu(sum).toFloatArray());
        assertThat(Nn.conv2dRelu(x, weight, bias, residual, window).toFloatArray())
                .containsExactly(Nn.relu(sum.add(residual)).toFloatArray());
        assertThatThrownBy(() -> Nn.conv2dRelu(x, weight, null, bias, window))
                .isInstanceOf(ShapeException.class)
                .hasMessage("conv2dRelu: expected a residual of shape [2, 4, 3, 4], got [4]");
    }

    @Test
    void convolvesWithPadsThatDifferFromSideToSide() {
        ConvolutionWindow top = ConvolutionWindow.of(ONE, new long[] {1, 0, 0, 0}, ONE, 1);
        Tensor y = Nn.conv2d(image(), ones(1, 1, 2, 2), vector(0.5f), top);
        assertThat(y.shape()).isEqualTo(Shape.of(1, 1, 4, 3));
        assertThat(y.toFloatArray()).startsWith(3.5f, 5.5f, 7.5f, 14.5f, 18.5f, 22.5f);
        ConvolutionWindow around = ConvolutionWindow.of(ONE, new long[] {1, 1, 1, 1}, ONE, 1);
        Tensor symmetric = Nn.conv2d(image(), ones(1, 1, 3, 3), null, around);
        assertThat(symmetric.toFloatArray()).startsWith(14, 24, 30, 22);
    }

    @Test
    void convolvesInGroupsWithStrideAndDilation() {
        Tensor x = Tensor.cat(java.util.List.of(image(), image().mul(10)), 1);
        Tensor y = Nn.conv2d(x, ones(2, 1, 2, 2), null, ConvolutionWindow.of(new long[] {2, 2}, NONE, ONE, 2));
        assertThat(y.toFloatArray()).containsExactly(14, 22, 46, 54, 140, 220, 460, 540);
        ConvolutionWindow apart = ConvolutionWindow.of(ONE, NONE, new long[] {3, 3}, 1);
        Tensor dilated = Nn.conv2d(image(), ones(1, 1, 2, 2), null, apart);
        assertThat(dilated.toFloatArray()).containsExactly(1 + 4 + 13 + 16);
    }

    @Test
    void namesInputsOfARefusedConvolution() {
        ConvolutionWindow plain = ConvolutionWindow.of(ONE, NONE, ONE, 1);
        assertThatThrownBy(() -> Nn.conv2d(image(), ones(1, 2, 2, 2), null, plain))
                .isInstanceOf(OperatorException.class)
                .hasMessageStartingWith("conv2d: ")
                .hasMessageEndingWith("(input [1, 1, 4, 4], weight [1, 2, 2, 2])");
        assertThatThrownBy(() -> ConvolutionWindow.of(ONE, ONE, ONE, 1))
                .isInstanceOf(ShapeException.class)
                .hasMessageStartingWith("convolution window: expected 2 strides and 2 dilations of at least 1, 4 pads")
                .hasMessageEndingWith("pads [1, 1], dilation [1, 1], groups 1");
    }

    @Test
    void transposedConvolutionSpreadsEachPixel() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 1, 1, 2, 2);
        long[] two = {2, 2};
        Tensor y = Nn.convTranspose2d(x, ones(1, 1, 2, 2), null, two, NONE, new long[2], ONE, 1);
        assertThat(y.toFloatArray()).containsExactly(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4);
        Tensor cut = Nn.convTranspose2d(x, ones(1, 1, 2, 2), null, two, new long[] {1, 0, 0, 2}, new long[2], ONE, 1);
        assertThat(cut.shape()).isEqualTo(Shape.of(1, 1, 3, 2));
        assertThat(cut.toFloatArray()).containsExactly(1, 1, 3, 3, 3, 3);
    }

    @Test
    void linearIsAMatrixProduct() {
        Tensor w = Tensor.of(new float[] {1, 0, 2, 0, 1, 0}, 2, 3);
        assertThat(Nn.linear(vector(1, 2, 3), w, vector(10, 20)).toFloatArray()).containsExactly(17, 22);
        assertThat(Nn.linear(vector(1, 2, 3), w, null).toFloatArray()).containsExactly(7, 2);
    }

    @Test
    void batchNormTrainsItsRunningStatistics() {
        Tensor x = Tensor.of(new float[] {1, 3, 5, 7}, 4, 1);
        Tensor mean = vector(0);
        Tensor variance = vector(1);
        Tensor y = Nn.batchNorm(x, vector(2), vector(1), mean, variance, true, 0.5, 0);
        // mean 4, population variance 5; the running variance takes the sample variance 20 / 3.
        float deviation = (float) Math.sqrt(5);
        assertThat(y.toFloatArray()[0]).isCloseTo(1 - 6 / deviation, within(4 * Math.ulp(2f)));
        assertThat(mean.toFloatArray()).containsExactly(2);
        assertThat(variance.item()).isCloseTo(0.5 + 10 / 3.0, within((double) Math.ulp(4f)));
        Tensor z = Nn.batchNorm(x, vector(2), vector(1), vector(1), vector(4), false, 0.5, 0);
        assertThat(z.toFloatArray()).containsExactly(1, 3, 5, 7);
    }

    @Test
    void layerNormScalesTheLastAxes() {
        Tensor y = Nn.layerNorm(vector(1, 3), new long[] {2}, vector(1, 2), vector(0, 5), 0);
        assertThat(y.toFloatArray()).containsExactly(-1, 7);
    }

    @Test
    void maxPoolingPadsWithNothing() {
        Tensor negative = image().neg();
        long[] two = {2, 2};
        assertThat(Nn.maxPool2d(image(), two, two, NONE, ONE, false).toFloatArray())
                .containsExactly(6, 8, 14, 16);
        Tensor padded = Nn.maxPool2d(negative, two, two, new long[] {1, 0, 1, 0}, ONE, false);
        assertThat(padded.toFloatArray()).containsExactly(-1, -3, -5, -7, -13, -15);
        Tensor oneSided = Nn.maxPool2d(negative, two, two, new long[] {0, 0, 1, 1}, ONE, true);
        assertThat(oneSided.toFloatArray()).containsExactly(-1, -3, -9, -11);
    }

    @Test
    void poolingCountsPartWindowsOnlyWhenTold() {
        Tensor x = image().narrow(2, 0, 3).narrow(3, 0, 3);
        long[] two = {2, 2};
        assertThat(Nn.maxPool2d(x, two, two, NONE, ONE, false).toFloatArray()).containsExactly(6);
        assertThat(Nn.maxPool2d(x, two, two, NONE, ONE, true).toFloatArray()).containsExactly(6, 7, 10, 11);
        // The same extents through the explicit padding: one row above, none below.
        Tensor asymmetric = Nn.maxPool2d(x, two, two, new long[] {1, 1, 0, 0}, ONE, true);
        assertThat(asymmetric.toFloatArray()).containsExactly(1, 3, 9, 11);
    }

    @Test
    void averagePoolingCountsPaddingOnlyWhenTold() {
        long[] two = {2, 2};
        assertThat(Nn.avgPool2d(image(), two, two, NONE, false, true).toFloatArray())
                .containsExactly(3.5f, 5.5f, 11.5f, 13.5f);
        for (long[] pads : new long[][] {{1, 1, 1, 1}, {1, 1, 0, 0}}) {
            assertThat(Nn.avgPool2d(image(), two, two, pads, false, true).toFloatArray()[0])
                    .isEqualTo(0.25f);
            assertThat(Nn.avgPool2d(image(), two, two, pads, false, false).toFloatArray()[0])
                    .isEqualTo(1);
        }
        assertThat(Nn.globalAvgPool(image()).toFloatArray()).containsExactly(8.5f);
        assertThat(Nn.globalAvgPool(image()).shape()).isEqualTo(Shape.of(1, 1, 1, 1));
    }

    @Test
    void activationsFollowTheirFormulas() {
        float[] xs = {-5, -1, 0, 0.5f, 4};
        Tensor x = vector(xs);
        float[][] results = {
            Nn.relu(x).toFloatArray(),
            Nn.leakyRelu(x, 0.1).toFloatArray(),
            Nn.sigmoid(x).toFloatArray(),
            Nn.tanh(x).toFloatArray(),
            Nn.silu(x).toFloatArray(),
            Nn.hardSwish(x).toFloatArray(),
            Nn.elu(x, 2).toFloatArray()
        };
        for (int i = 0; i < xs.length; i++) {
            double v = xs[i];
            double sigmoid = 1 / (1 + Math.exp(-v));
            double[] expected = {
                Math.max(0, v),
                v < 0 ? 0.1 * v : v,
                sigmoid,
                Math.tanh(v),
                v * sigmoid,
                v * Math.min(6, Math.max(0, v + 3)) / 6,
                v > 0 ? v : 2 * Math.expm1(v)
            };
            for (int f = 0; f < expected.length; f++) {
                // A handful of single-precision operations on numbers of at most 5.
                assertThat((double) results[f][i]).isCloseTo(expected[f], within(4.0 * Math.ulp(5f)));
            }
        }
        assertThat(Nn.gelu(vector(0, 1)).toFloatArray()[1]).isCloseTo(0.8413447f, within(4 * Math.ulp(1f)));
    }

    @Test
    void dropoutKeepsTheMean() {
        Tensor x = ones(10_000);
        assertThat(Nn.dropout(x, 0.25, false).toFloatArray()).containsOnly(1);
        Rng.seed(1);
        Tensor y = Nn.dropout(x, 0.25, true);
        double dropped = y.eq(0).to(DType.F32).mean().item();
        // Six standard deviations of a binomial share.
        assertThat(dropped).isCloseTo(0.25, within(6 * Math.sqrt(0.25 * 0.75 / 10_000)));
        assertThat(y.max().item()).isCloseTo(4 / 3.0, within((double) Math.ulp(2f)));
    }

    @Test
    void padsInOnnxOrder() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        assertThat(Nn.pad(x, new long[] {1, 0, 0, 2}, 9).toFloatArray())
                .containsExactly(9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9);
        assertThat(Nn.pad(x, new long[] {0, -1, 0, 0}, 0).toFloatArray()).containsExactly(2, 4);
    }

    @Test
    void crossEntropyIsTheMeanSurprise() {
        Tensor logits = Tensor.of(new float[] {0, 0, 0, 0}, 2, 2);
        Tensor labels = Tensor.of(new long[] {0, 1}, 2);
        assertThat(Nn.crossEntropy(logits, labels, 0).item()).isCloseTo(Math.log(2), within((double) Math.ulp(1f)));
        Tensor sure = Tensor.of(new float[] {100, 0}, 1, 2);
        assertThat(Nn.crossEntropy(sure, Tensor.of(new long[] {0}, 1), 0.5).item())
                .isCloseTo(25, within((double) Math.ulp(25f)));
    }

    @Test
    void theIdentityMapSamplesTheImageItself() {
        Tensor theta = Tensor.of(new float[] {1, 0, 0, 0, 1, 0}, 1, 2, 3);
        Tensor grid = Nn.affineGrid(theta, new long[] {1, 1, 4, 4});
        assertThat(grid.shape()).isEqualTo(Shape.of(1, 4, 4, 2));
        Tensor same = Nn.gridSample(image(), grid, true);
        // Bilinear weights of 0 and 1, off by the rounding of positions: a few units of 16.
        assertThat(same.sub(image()).abs().max().item()).isLessThanOrEqualTo(4.0 * Math.ulp(16f));
        Tensor shifted = Nn.affineGrid(Tensor.of(new float[] {1, 0, 4, 0, 1, 0}, 1, 2, 3), new long[] {1, 1, 4, 4});
        assertThat(Nn.gridSample(image(), shifted, true).toFloatArray()).containsOnly(0);
        assertThat(Nn.gridSample(image(), shifted, false).toFloatArray()).startsWith(4, 4, 4, 4, 8);
    }
}
