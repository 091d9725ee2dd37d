package dev.espalier.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import org.junit.jupiter.api.Test;

@NoLeaks
class BatchNormalizationTest {
    private static final float ULP = 0x1p-23f;

    private static Tensor vector(float... values) {
        return Tensor.of(values, values.length);
    }

    @Test
    void normalisesByTheBatchInTrainingAndByTheRecordInInference() {
        BatchNormalization op = new BatchNormalization(1e-5f, 0.75f);
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(new float[] {1, 10, 3, 30}, 2, 2);
            Tensor mean = vector(0, 0);
            Tensor variance = vector(1, 1);
            List<Tensor> in = List.of(x, vector(1, 2), vector(0, 1), mean, variance);
            float[] y = op.evaluate(Evaluation.TRAINING, List.copyOf(in)).get(0).toFloatArray();
            // Channel 0: mean 2, variance 1; channel 1: mean 20, variance 100, then times 2 plus 1. Epsilon moves them
            // by 5e-6.
            float[] expected = {-1, -1, 1, 3};
            for (int i = 0; i < 4; i++) {
                assertThat(y[i]).isCloseTo(expected[i], within(1e-5f + 8 * ULP));
            }
            // A quarter of the batch's mean and of its unbiased variance (2 and 200).
            assertThat(mean.toFloatArray()).containsExactly(0.5f, 5f);
            assertThat(variance.toFloatArray()).containsExactly(0.75f + 0.5f, 0.75f + 50f);
            float[] z =
                    op.evaluate(Evaluation.INFERENCE, List.copyOf(in)).get(0).toFloatArray();
            assertThat(z[0]).isCloseTo((float) ((1 - 0.5) / Math.sqrt(1.25 + 1e-5)), within(8 * ULP));
            assertThat(mean.toFloatArray()).containsExactly(0.5f, 5f);
        }
    }

    /** The variance of one value is 0 / 0, which would stay in the record for good. */
    @Test
    void oneValueOfAChannelIsRefusedInTraining() {
        BatchNormalization op = new BatchNormalization(1e-5f, 0.75f);
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(new float[] {1, 10}, 1, 2);
            List<Tensor> in = List.of(x, vector(1, 2), vector(0, 1), vector(0, 0), vector(1, 1));
            assertThatThrownBy(() -> op.evaluate(Evaluation.TRAINING, List.copyOf(in)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("more than one value of each channel")
                    .hasMessageContaining("[1, 2]");
            assertThat(op.evaluate(Evaluation.INFERENCE, List.copyOf(in)).get(0).toFloatArray())
                    .doesNotContain(Float.NaN);
        }
    }

    @Test
    void runningStatisticsAreState() {
        assertThat(new BatchNormalization(1e-5f, 0.9f).statisticInputs()).containsExactlyInAnyOrder(3, 4);
    }
}
