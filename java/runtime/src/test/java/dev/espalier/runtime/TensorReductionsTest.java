package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

@ScopedTest
class TensorReductionsTest {
    private Tensor x() {
        return Tensor.of(new float[] {1, 2, 3, 4, 5, 9}, 2, 3);
    }

    @Test
    void reducesEverything() {
        assertThat(x().sum().item()).isEqualTo(24);
        assertThat(x().mean().item()).isEqualTo(4);
        assertThat(x().max().item()).isEqualTo(9);
        assertThat(x().min().item()).isEqualTo(1);
        assertThat(Tensor.of(new float[] {3, -4}, 2).norm().item()).isEqualTo(5);
        assertThat(x().sum().rank()).isZero();
    }

    @Test
    void reducesNamedAxes() {
        assertThat(x().sum(false, 0).toFloatArray()).containsExactly(5, 7, 12);
        assertThat(x().sum(true, 1).shape()).isEqualTo(Shape.of(2, 1));
        assertThat(x().mean(false, -1).toFloatArray()).containsExactly(2, 6);
        assertThat(x().amax(false, 1).toFloatArray()).containsExactly(3, 9);
        assertThat(x().argmax(0).toLongArray()).containsExactly(1, 1, 1);
        assertThat(x().sum(false, 0, 1).item()).isEqualTo(24);
    }

    @Test
    void addsUpAndOrdersAlongAnAxis() {
        assertThat(x().cumulativeSum(1).toFloatArray()).containsExactly(1, 3, 6, 4, 9, 18);
        assertThat(Tensor.of(new long[] {1, 2}, 2).cumulativeSum(0).dtype()).isEqualTo(DType.I64);
        List<Tensor> best = x().topK(2, 1, true);
        assertThat(best.get(0).toFloatArray()).containsExactly(3, 2, 9, 5);
        assertThat(best.get(1).toLongArray()).containsExactly(2, 1, 2, 1);
        assertThat(x().topK(1, 0, false).get(0).toFloatArray()).containsExactly(1, 2, 3);
        assertThatThrownBy(() -> x().topK(4, 1, true))
                .isInstanceOf(OperatorException.class)
                .hasMessageStartingWith("topk: ");
    }

    @Test
    void varianceDividesByTheCount() {
        assertThat(x().variance(false, 1).toFloatArray()[0]).isEqualTo(2 / 3f);
    }

    @Test
    void knowsWhetherAllNumbersAreFinite() {
        assertThat(x().allFinite()).isTrue();
        assertThat(x().div(0).allFinite()).isFalse();
        assertThat(Tensor.scalar(Double.NaN).allFinite()).isFalse();
        assertThat(Tensor.empty(DType.F32, Device.CPU, 0).allFinite()).isTrue();
    }

    @Test
    void refusesAnAxisThatIsNotThere() {
        assertThatThrownBy(() -> x().sum(false, 2))
                .isInstanceOf(OperatorException.class)
                .hasMessageStartingWith("sum: ")
                .hasMessageEndingWith("(input [2, 3])");
    }
}
