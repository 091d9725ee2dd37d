package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

@ScopedTest
class TensorArithmeticTest {
    private static Tensor vector(float... values) {
        return Tensor.of(values, values.length);
    }

    @Test
    void addsTensorsAndNumbers() {
        Tensor a = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        Tensor b = vector(10, 20);
        assertThat(a.add(b).toFloatArray()).containsExactly(11, 22, 13, 24);
        assertThat(a.sub(b).toFloatArray()).containsExactly(-9, -18, -7, -16);
        assertThat(a.mul(b).toFloatArray()).containsExactly(10, 40, 30, 80);
        assertThat(b.div(a).toFloatArray()).containsExactly(10, 10, 10 / 3f, 5);
        assertThat(a.mul(2).add(0.5).sub(1).toFloatArray()).containsExactly(1.5f, 3.5f, 5.5f, 7.5f);
        assertThat(b.div(4).toFloatArray()).containsExactly(2.5f, 5f);
    }

    @Test
    void computesElementByElement() {
        Tensor x = vector(-4, 0, 9);
        assertThat(x.neg().toFloatArray()).containsExactly(4, -0f, -9);
        assertThat(x.abs().sqrt().toFloatArray()).containsExactly(2, 0, 3);
        assertThat(x.square().toFloatArray()).containsExactly(16, 0, 81);
        assertThat(x.sign().toFloatArray()).containsExactly(-1, 0, 1);
        assertThat(x.pow(2).toFloatArray()).containsExactly(16, 0, 81);
        assertThat(x.clamp(-1, 5).toFloatArray()).containsExactly(-1, 0, 5);
        assertThat(x.maximum(vector(1, 1, 1)).toFloatArray()).containsExactly(1, 1, 9);
        assertThat(x.minimum(vector(1, 1, 1)).toFloatArray()).containsExactly(-4, 0, 1);
        assertThat(vector(0).exp().item()).isEqualTo(1);
        assertThat(vector(1).log().item()).isZero();
        assertThat(vector(2).pow(-1).item()).isEqualTo(0.5);
    }

    @Test
    void multipliesMatrices() {
        Tensor a = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Tensor b = Tensor.of(new float[] {1, 0, 0, 1, 1, 1}, 3, 2);
        assertThat(a.matmul(b).toFloatArray()).containsExactly(4, 5, 10, 11);
    }

    @Test
    void softmaxSumsToOneAndItsLogarithmAgrees() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 1000, 0, -1000}, 2, 3);
        Tensor p = x.softmax(1);
        // Three terms, each rounded to half a unit in the last place of a number below 1.
        assertThat(p.sum(false, 1).sub(1).abs().max().item()).isLessThanOrEqualTo(3 * Math.ulp(1f));
        double e = Math.exp(1) + Math.exp(2) + Math.exp(3);
        // exp and one division in single precision: a few units of 2^-24 relative.
        assertThat(p.toFloatArray()[2]).isCloseTo((float) (Math.exp(3) / e), within(4 * Math.ulp(1f)));
        assertThat(x.logSoftmax(1).toFloatArray()[5]).isEqualTo(-2000);
    }

    @Test
    void wholeNumbersKeepAnIntegerTensorsType() {
        Tensor labels = Tensor.arange(3, Device.CPU);
        assertThat(labels.add(1).dtype()).isEqualTo(DType.I64);
        assertThat(labels.mul(2).toLongArray()).containsExactly(0, 2, 4);
        assertThat(labels.add(0.5).dtype()).isEqualTo(DType.F32);
    }

    @Test
    void negativeZeroStaysNegative() {
        assertThat(1 / vector(1).mul(-0.0).item()).isEqualTo(Double.NEGATIVE_INFINITY);
    }

    @Test
    void refusesShapesThatDoNotMatchInOneLine() {
        Tensor a = Tensor.zeros(DType.F32, Device.CPU, 2, 3);
        Tensor b = Tensor.zeros(DType.F32, Device.CPU, 4, 5);
        assertThatThrownBy(() -> a.matmul(b)).isInstanceOfSatisfying(OperatorException.class, e -> {
            assertThat(e).hasMessageStartingWith("matmul: ").hasMessageEndingWith("(input [2, 3], other [4, 5])");
            assertThat(e.getMessage()).doesNotContain("\n");
            assertThat(e.operator()).isEqualTo("matmul");
            assertThat(e.nativeTrace()).contains("\n");
            assertThat(e.at("fc1")).hasMessageStartingWith("fc1: matmul: ");
            assertThat(e.at("fc1").nativeTrace()).isEqualTo(e.nativeTrace());
        });
    }
}
