package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.espalier.model.Model;
import dev.espalier.report.RatePage;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@NoLeaks
class RateSearchTest {
    private static final Recipe RECIPE =
            Recipe.defaults().with(Map.of("batch-size", 16, "momentum", 0, "nesterov", false, "ema", 0.9));

    /** Tensors this small gain nothing from threads that wait for each other. */
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    private static RateSearch.Found search(Model model, Recipe recipe) {
        return new RateSearch(1e-5, 100, 120).run(model, ToyImages.training(150, 16), recipe, Device.CPU);
    }

    @Test
    void findsARateThatTrainsAndChangesNothing() {
        try (Model model = TrainerTest.cnn()) {
            SortedMap<String, byte[]> before = TrainerTest.bytes(model.weights().asMap());
            RateSearch.Found found = search(model, RECIPE);
            TrainerTest.assertSame(TrainerTest.bytes(model.weights().asMap()), before);
            assertThat(search(model, RECIPE)).as("the same seed").isEqualTo(found);

            assertThat(found.diverged()).isTrue();
            assertThat(found.points()).hasSizeBetween(20, 119);
            assertThat(found.points().get(0).rate()).isEqualTo(1e-5);
            double suggested = found.steepest().orElseThrow();
            assertThat(suggested).isLessThanOrEqualTo(found.lowest());
            Recipe training = RECIPE.with(Map.of("epochs", 6, "schedule", "constant", "lr", suggested, "ema", 0));
            try (TrainingState state = TrainingState.of(model, training.optimizer(), Device.CPU)) {
                Trainer.fit(state, ToyImages.training(150, 16), null, training, List.of());
                assertThat(Evaluator.evaluate(state, ToyImages.held(60)).accuracy())
                        .isGreaterThan(0.8);
            }
            assertThat(RatePage.render("rates", Map.of(), found)).contains("falls fastest", "lowest");
        }
    }

    @Test
    void theSteepestIsBeforeTheLowestAndNowhereWhereNothingFalls() {
        double[] valley = {9, 9, 9, 8, 5, 4, 4, 3, 9, 9, 1e9};
        assertThat(RateSearch.steepest(valley, 1, 7)).isEqualTo(3);
        // Beyond the lowest a steeper fall does not count.
        double[] later = {9, 8, 7, 20, 2e9, 9, 8};
        assertThat(RateSearch.steepest(later, 1, 2)).isEqualTo(1);
        double[] rising = {1, 2, 3, 4, 5, 6};
        assertThat(RateSearch.steepest(rising, 1, 0)).isEqualTo(-1);
    }

    @Test
    void rangesAreChecked() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RateSearch(0.1, 0.01, 100))
                .withMessageContaining("0.01");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RateSearch(1e-6, 10, 5))
                .withMessageContaining("at least 20, got 5");
    }
}
