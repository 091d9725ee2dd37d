package dev.espalier.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Map;
import org.junit.jupiter.api.Test;

@NoLeaks
class WeightAxesTest {
    @Test
    void operatorsSayWhichAxisTheySumOver() {
        Op grouped = Ops.create("Conv", Map.of("group", Attribute.of(3)));
        assertThat(grouped.weightAxes(1, 4)).contains(new WeightAxes(0, 3, 1, 1));
        Op up = Ops.create("ConvTranspose", Map.of("group", Attribute.of(2)));
        assertThat(up.weightAxes(1, 4)).contains(new WeightAxes(1, 1, 0, 2));
        assertThat(new Gemm(1, 1, false, false).weightAxes(1, 2)).contains(WeightAxes.of(1, 0));
        assertThat(new Gemm(1, 1, false, true).weightAxes(1, 2)).contains(WeightAxes.of(0, 1));
        assertThat(new Gemm(1, 1, false, true).weightAxes(0, 2)).contains(WeightAxes.of(0, 1));
        assertThat(new Gemm(1, 1, true, true).weightAxes(0, 2)).contains(WeightAxes.of(1, 0));
        assertThat(new MatMul().weightAxes(1, 3)).contains(WeightAxes.of(2, 1));
        assertThat(new MatMul().weightAxes(0, 3)).contains(WeightAxes.of(1, 2));
        assertThat(LSTM.of(5, true).weightAxes(2, 3)).contains(new WeightAxes(1, 4, 2, 1));
        assertThat(new Einsum("bi,oi->bo").weightAxes(1, 2)).contains(WeightAxes.of(0, 1));
        assertThat(new Einsum("bhi,hio->bho").weightAxes(1, 3)).contains(WeightAxes.of(2, 1));
        assertThat(new Einsum("bij,ijo->bo").weightAxes(1, 3))
                .as("two axes are summed over")
                .isEmpty();
    }

    @Test
    void foldingAndUnfoldingKeepsEveryWeightInItsPlace() {
        try (Scope scope = Scope.open()) {
            Tensor weight = Tensor.randn(Device.CPU, 6, 4, 3, 2);
            WeightAxes up = new WeightAxes(1, 2, 0, 3);
            Tensor folded = up.fold(weight);
            assertThat(folded.shape().toArray()).containsExactly(2, 2, 3, 2, 6);
            assertThat(up.unfold(folded, weight.shape()).toFloatArray()).containsExactly(weight.toFloatArray());
            // Output 3 is the second of the second part, input 4 the first of the third, tap (2, 1) the last.
            double expected =
                    weight.select(0, 4).select(0, 3).select(0, 2).select(0, 1).item();
            double got = folded.select(0, 1)
                    .select(0, 1)
                    .select(0, 2)
                    .select(0, 0)
                    .select(0, 5)
                    .item();
            assertThat(got).isEqualTo(expected);
        }
    }
}
