package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NoLeaks
class TaskTest {
    /** A few operations on terms of magnitude below 5. */
    private static final double TOLERANCE = 4 * 5.0 * Math.ulp(1f);

    private static Tensor rows(int columns, double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return Tensor.of(floats, floats.length / columns, columns);
    }

    /** -log of the share that a logit gives to a label that is there. */
    private static double surprise(double logit) {
        return Math.log(1 + Math.exp(-logit));
    }

    @Test
    void labelsCostTheMeanSurpriseOfEachDecision() {
        try (Scope scope = Scope.open()) {
            Tensor logits = rows(2, 0, 2, -1, 3);
            Tensor targets = rows(2, 1, 0, 0, 1);
            double hard = (surprise(0) + surprise(-2) + surprise(1) + surprise(3)) / 4;
            assertThat(Task.LABELS.loss(logits, targets, 0).item()).isCloseTo(hard, within(TOLERANCE));
            double wrong = (surprise(0) + surprise(2) + surprise(-1) + surprise(-3)) / 4;
            assertThat(Task.LABELS.loss(logits, targets, 0.2).item())
                    .isCloseTo(0.9 * hard + 0.1 * wrong, within(TOLERANCE));
            assertThat(Task.LABELS.decide(logits).toFloatArray()).containsExactly(0, 1, 0, 1);
        }
    }

    /** The slope of the loss of a label is what it is believed to be less what it is, at a logit of 0 too. */
    @Test
    void labelsPullByWhatIsMissing() {
        try (Scope scope = Scope.open()) {
            Tensor logits = rows(3, 0, 0, 100).setRequiresGrad(true);
            Task.LABELS.losses(logits, rows(3, 1, 0, 0), 0).sum().backward();
            assertThat(Objects.requireNonNull(logits.grad()).toFloatArray()).containsExactly(-0.5f, 0.5f, 1);
        }
    }

    @Test
    void numbersCostTheirSquaredErrorAndAreToldWithinTheScale() {
        try (Scope scope = Scope.open()) {
            Tensor outputs = rows(1, 0.5, 1.5, -1);
            assertThat(Task.NUMBER.loss(outputs, rows(1, 0.25, 1, -1), 0).item())
                    .isCloseTo((0.0625 + 0.25) / 3, within(TOLERANCE));
            assertThat(Task.NUMBER.decide(outputs).toFloatArray()).containsExactly(0.5f, 1, 0);
        }
    }

    @Test
    void teachersOfLabelsAndNumbersAreFollowed() {
        try (Scope scope = Scope.open()) {
            double soft = 1 / (1 + Math.exp(-1));
            double expected = 4 * (soft * Math.log(soft / 0.5) + (1 - soft) * Math.log((1 - soft) / 0.5)) / 2;
            assertThat(Task.LABELS.divergence(rows(2, 0, 3), rows(2, 2, 3), 2).item())
                    .isCloseTo(expected, within(4 * TOLERANCE));
            assertThat(Task.NUMBER.divergence(rows(1, 0.5, 0), rows(1, 1, 0), 4).item())
                    .isCloseTo(0.125, within(TOLERANCE));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aModelSaysItsTaskByName(Task task) {
        assertThat(Task.named(task.toString())).isEqualTo(task);
        assertThatThrownBy(() -> Task.named("ranks"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("[classes, labels, number], got 'ranks'");
    }
}
