package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Task;
import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import org.junit.jupiter.api.Test;

@NoLeaks
class DistillRecipeTest {
    private static double[] soft(double temperature, double... scores) {
        double[] shares = new double[scores.length];
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
            shares[i] = Math.exp(scores[i] / temperature);
            sum += shares[i];
        }
        for (int i = 0; i < scores.length; i++) {
            shares[i] /= sum;
        }
        return shares;
    }

    private static double divergence(double[] from, double[] to) {
        double sum = 0;
        for (int i = 0; i < from.length; i++) {
            sum += from[i] * Math.log(from[i] / to[i]);
        }
        return sum;
    }

    @Test
    void theLossIsThatOfTheFormula() {
        double first = divergence(soft(2, 0, 2, 1), soft(2, 1, 0, 0));
        double second = divergence(soft(2, 3, 0, 0), soft(2, 0, 1, -1));
        double expected = 0.25 * 1.5 + 0.75 * 4 * (first + second) / 2;
        try (Scope scope = Scope.open()) {
            Tensor student = Tensor.of(new float[] {1, 0, 0, 0, 1, -1}, 2, 3);
            Tensor teacher = Tensor.of(new float[] {0, 2, 1, 3, 0, 0}, 2, 3);
            Classifier.Seen seen = new Classifier.Seen(Task.CLASSES, student, student);
            Classifier.Seen learnt = new Classifier.Seen(Task.CLASSES, teacher, teacher);
            Tensor labelled = Tensor.of(new float[] {1.5f}, 1).sum();
            DistillRecipe recipe = new DistillRecipe(0.75, 2);
            assertThat(recipe.loss(labelled, seen, teacher).item()).isCloseTo(expected, within(1e-5));
            // A student that has learnt all has nothing but the labels to learn from.
            assertThat(recipe.loss(labelled, learnt, teacher).item()).isCloseTo(0.25 * 1.5, within(1e-6));
        }
    }

    @Test
    void aTeacherIsNeededAndImpossibleSettingsAreRefused() {
        assertThatThrownBy(() -> new DistillRecipe(1.5, 2)).hasMessage("distill must be from 0 to 1, got 1.5");
        assertThatThrownBy(() -> new DistillRecipe(0.5, 0)).hasMessageContaining("temperature");
        Recipe recipe = Recipe.defaults().with("distill", 0.5);
        try (Model model = TrainerTest.cnn();
                TrainingState state = TrainingState.of(model, recipe.optimizer(), Device.CPU)) {
            assertThatThrownBy(() -> Trainer.fit(state, ToyImages.training(32, 16), null, recipe, List.of()))
                    .hasMessageContaining("needs a teacher");
        }
    }
}
