package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Answers;
import dev.espalier.data.Task;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import org.junit.jupiter.api.Test;

@NoLeaks
class SeenTest {
    /** What the tensors say is what the answers say one by one; both are exact but for the rounding of four numbers near 1. */
    private static void agrees(Task task, Tensor outputs, Tensor targets, double expected) {
        Classifier.Seen seen = new Classifier.Seen(task, outputs, targets);
        Answers right = Answers.of(task, Math.toIntExact(outputs.size(1)), targets);
        Answers given = seen.given();
        double sum = 0;
        for (int i = 0; i < given.size(); i++) {
            sum += given.score(i, right);
        }
        assertThat(sum).isCloseTo(expected, within(4 * (double) Math.ulp(1f)));
        assertThat(seen.right()).isCloseTo(expected, within(4 * (double) Math.ulp(1f)));
    }

    @Test
    void scoresOfABatchAreThoseOfItsAnswers() {
        try (Scope scope = Scope.open()) {
            Tensor logits = Tensor.of(new float[] {1, 2, 0, 3, -1, 0.5f, -2, -1, -3}, 3, 3);
            agrees(Task.CLASSES, logits, Tensor.of(new long[] {1, 2, 1}, 3), 2);
            agrees(
                    Task.LABELS,
                    logits,
                    Tensor.of(new float[] {1, 1, 0, 0, 0, 1, 1, 0, 0}, 3, 3),
                    1 + 2 / 3.0 + 2 / 3.0);
            // Given are 0.25, 1 and 0; the last label lies beyond the scale by more than all of it.
            agrees(
                    Task.NUMBER,
                    Tensor.of(new float[] {0.25f, 1.5f, -1}, 3, 1),
                    Tensor.of(new float[] {0.5f, 0.5f, 3}, 3, 1),
                    0.75 + 0.5);
        }
    }
}
