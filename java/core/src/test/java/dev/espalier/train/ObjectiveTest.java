package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Batch;
import dev.espalier.data.Source;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
class ObjectiveTest {
    /** Labels 0, 0, 0, 0, 1, 1 of three classes. */
    private static final Source UNEVEN = new ToyImages(12, 1).rows(new int[] {0, 3, 6, 9, 1, 4});

    private static final float[] SCORES = {2, 0, 1, 0, 0, 0, -1, 3, 0, 1, 1, 0, 0, 2, 1, 4, 0, 0};

    private static Classifier.Seen seen() {
        return new Classifier.Seen(Tensor.of(SCORES, 6, 3), Tensor.of(new long[] {0, 0, 0, 0, 1, 1}, 6));
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

    @Test
    void rareClassesAreMadeUpForOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("sampling", "balanced", "class-weights", "balanced")))
                .withMessageContaining("set one of them");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("sampling", "in_order")))
                .withMessage("setting 'sampling' must be one of shuffle, balanced, got 'in_order'");
    }
}
