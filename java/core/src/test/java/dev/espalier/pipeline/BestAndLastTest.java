package dev.espalier.pipeline;

import static dev.espalier.pipeline.ToyRuns.TRAINING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.model.Model;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.EpochReport;
import dev.espalier.train.EvaluationResult;
import dev.espalier.train.Evaluator;
import dev.espalier.train.Recipe;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that keeps its best epoch hands out the last one too. */
@NoLeaks
class BestAndLastTest {
    /** Learns at once and unlearns after. */
    private static final Recipe UNSTEADY =
            TRAINING.with(Map.of("epochs", 5, "lr", 0.6, "momentum", 0.95, "schedule", "constant"));

    private static final Comparator<EpochReport.Scores> BETTER_LAST = Comparator.comparingDouble(
                    EpochReport.Scores::accuracy)
            .thenComparing(Comparator.comparingDouble(EpochReport.Scores::loss).reversed());

    /** Tensors this small gain nothing from threads that wait for each other. */
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    private static RunOutcome run(RunPlan plan) {
        try (Model dense = ToyRuns.model()) {
            return PruningRun.run(dense, plan, ToyRuns.setting());
        }
    }

    private static EpochReport.Scores validation(Model model) {
        EvaluationResult result =
                Evaluator.evaluate(model, ToyRuns.setting().validation().orElseThrow());
        return new EpochReport.Scores(result.loss(), result.accuracy());
    }

    private static EpochReport.Scores scores(RunOutcome outcome, int epoch) {
        return Objects.requireNonNull(outcome.history().get(epoch).report().validation());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.8})
    void bothAreWhatValidationSaw(double ema) {
        try (RunOutcome outcome = run(RunPlan.train(UNSTEADY.with("ema", ema)))) {
            int best = 0;
            for (int epoch = 1; epoch < 5; epoch++) {
                best = BETTER_LAST.compare(scores(outcome, epoch), scores(outcome, best)) > 0 ? epoch : best;
            }
            assertThat(best).as("another epoch than the last is best").isLessThan(4);
            assertThat(validation(outcome.model())).isEqualTo(scores(outcome, best));
            assertThat(validation(outcome.last().orElseThrow())).isEqualTo(scores(outcome, 4));
            assertThat(outcome.last().orElseThrow().metadata().provenance().facts())
                    .containsEntry("weights", "of the last epoch")
                    .doesNotContainKey("after.accuracy");
        }
    }

    @Test
    void thereIsNoneWhereTheLastIsKeptOrTheModelChangedSince() {
        try (RunOutcome kept = run(RunPlan.train(TRAINING.with("keep-best", false)))) {
            assertThat(kept.last()).isEmpty();
        }
        PruningRecipe pruning = PruningRecipe.fromMap(Map.of("pattern", "element", "target", 0.5), Set.of());
        try (RunOutcome pruned = run(new RunPlan(Optional.of(TRAINING), Optional.of(pruning), Optional.empty()))) {
            assertThat(pruned.last()).isEmpty();
        }
    }
}
