package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Answers;
import dev.espalier.data.Batch;
import dev.espalier.data.DataException;
import dev.espalier.data.LabelledSource;
import dev.espalier.data.Source;
import dev.espalier.data.Task;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
class ObjectiveTest {
    /** Labels 0, 0, 0, 0, 1, 1 of three classes. */
    private static final Source UNEVEN = new ToyImages(12, 1).rows(new int[] {0, 3, 6, 9, 1, 4});

    private static final float[] SCORES = {2, 0, 1, 0, 0, 0, -1, 3, 0, 1, 1, 0, 0, 2, 1, 4, 0, 0};

    private static Classifier.Seen seen() {
        return new Classifier.Seen(Task.CLASSES, Tensor.of(SCORES, 6, 3), Tensor.of(new long[] {0, 0, 0, 0, 1, 1}, 6));
    }

    private static Mixture whole(Classifier.Seen seen) {
        return Mixture.none(new Batch(Map.of(), seen.labels(), new int[6]));
    }

    private static double loss(Recipe recipe, Mixture mixture, Classifier.Seen seen) {
        try (Objective objective = new Objective(recipe.regularisation(), UNEVEN, Device.CPU, null)) {
            return objective.of(seen, mixture).item();
        }
    }

    /** -log of the share that sample {@code i} gives to a target of which {@code smoothing} is spread over the three classes. */
    private static double expected(int i, int label, double smoothing) {
        double sum = 0;
        for (int k = 0; k < 3; k++) {
            sum += Math.exp(SCORES[3 * i + k]);
        }
        double loss = 0;
        for (int k = 0; k < 3; k++) {
            double target = (k == label ? 1 - smoothing : 0) + smoothing / 3;
            loss += target * (Math.log(sum) - SCORES[3 * i + k]);
        }
        return loss;
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1})
    void balancedWeightsMakeTheMeanOfTheMeansOfTheClassesThatOccur(double smoothing) {
        double common = 0;
        for (int i = 0; i < 4; i++) {
            common += expected(i, 0, smoothing) / 4;
        }
        double rare = (expected(4, 1, smoothing) + expected(5, 1, smoothing)) / 2;
        try (Scope scope = Scope.open()) {
            Classifier.Seen seen = seen();
            Recipe recipe = Recipe.defaults().with(Map.of("class-weights", "balanced", "label-smoothing", smoothing));
            // Six terms of magnitude below 5.
            assertThat(loss(recipe, whole(seen), seen)).isCloseTo((common + rare) / 2, within(6 * 5.0 * Math.ulp(1f)));
            double plain = loss(recipe.with("class-weights", "none"), whole(seen), seen);
            assertThat(plain).isCloseTo((4 * common + 2 * rare) / 6, within(6 * 5.0 * Math.ulp(1f)));
        }
        assertThat(Objective.balanced(UNEVEN.labels(), 3)).containsExactly(0.75f, 1.5f, 0f);
    }

    @Test
    void aMixtureAnswersToBothLabels() {
        try (Scope scope = Scope.open()) {
            Classifier.Seen seen = seen();
            Mixture mixture = new Mixture(whole(seen).batch(), Tensor.of(new long[] {2, 2, 2, 2, 2, 2}, 6), 0.7);
            double expected = 0;
            for (int i = 0; i < 6; i++) {
                expected += (0.7 * expected(i, i < 4 ? 0 : 1, 0) + 0.3 * expected(i, 2, 0)) / 6;
            }
            assertThat(loss(Recipe.defaults(), mixture, seen)).isCloseTo(expected, within(6 * 5.0 * Math.ulp(1f)));
        }
    }

    /** Samples with the labels a, a, a and b, and none. */
    private static final Source LABELLED = new LabelledSource(
            Answers.ofLabels(List.of(new int[] {0}, new int[] {0}, new int[] {0, 1}, new int[0]), 2), List.of());

    /** With a label and without it count alike in all. */
    @Test
    void balancedWeightsOfLabelsMakeTheMeanOfThoseWithAndWithout() {
        float[] logits = {1, -1, 2, 0, -1, 3, 1, 1};
        try (Scope scope = Scope.open();
                Objective objective = new Objective(
                        Recipe.defaults().with("class-weights", "balanced").regularisation(),
                        LABELLED,
                        Device.CPU,
                        null)) {
            Tensor targets = LABELLED.answers().targets(new int[] {0, 1, 2, 3});
            Classifier.Seen seen = new Classifier.Seen(Task.LABELS, Tensor.of(logits, 4, 2), targets);
            Mixture whole = Mixture.none(new Batch(Map.of(), Task.LABELS, targets, new int[4]));
            double a = (surprise(1) + surprise(2) + surprise(-1)) / 3 + surprise(-1);
            double b = surprise(3) + (surprise(1) + surprise(0) + surprise(-1)) / 3;
            assertThat(objective.of(seen, whole).item()).isCloseTo((a + b) / 4, within(8 * 5.0 * Math.ulp(1f)));
        }
    }

    private static double surprise(double logit) {
        return Math.log(1 + Math.exp(-logit));
    }

    /** The loss of two targets by their shares pulls as the loss of their blend does. */
    @ParameterizedTest
    @EnumSource(names = {"LABELS", "NUMBER"})
    void aMixturePullsToTheBlendOfTargets(Task task) {
        try (Scope scope = Scope.open();
                Objective objective = new Objective(Recipe.defaults().regularisation(), LABELLED, Device.CPU, null)) {
            Tensor own = Tensor.of(new float[] {1, 0, 0.5f}, 3, 1);
            Tensor others = Tensor.of(new float[] {0, 0, 1}, 3, 1);
            Tensor mixed = Tensor.of(new float[] {0.7f, -2, 0.1f}, 3, 1).setRequiresGrad(true);
            Mixture mixture = new Mixture(new Batch(Map.of(), task, own, new int[3]), others, 0.75);
            objective.of(new Classifier.Seen(task, mixed, own), mixture).backward();
            Tensor blended = mixed.detach().copy().setRequiresGrad(true);
            task.loss(blended, own.mul(0.75).add(others.mul(0.25)), 0).backward();
            float[] expected = Objects.requireNonNull(blended.grad()).toFloatArray();
            assertThat(Objects.requireNonNull(mixed.grad()).toFloatArray())
                    .containsExactly(expected, within(4 * Math.ulp(1f)));
        }
    }

    @Test
    void settingsThatNothingAnswersToAreRefused() {
        Recipe smooth = Recipe.defaults().with("label-smoothing", 0.1);
        smooth.check(Task.LABELS);
        assertThatThrownBy(() -> smooth.check(Task.NUMBER))
                .isInstanceOf(DataException.class)
                .hasMessage("label-smoothing: expected samples of classes, got the task number; leave it out");
        Recipe weighted = Recipe.defaults().with("class-weights", "balanced");
        weighted.check(Task.LABELS);
        assertThatThrownBy(() -> weighted.check(Task.NUMBER)).hasMessageContaining("class-weights balanced");
        Recipe balanced = Recipe.defaults().with("sampling", "balanced");
        balanced.check(Task.CLASSES);
        assertThatThrownBy(() -> balanced.check(Task.LABELS))
                .hasMessageContaining("one class each, got the task labels");
    }
}
