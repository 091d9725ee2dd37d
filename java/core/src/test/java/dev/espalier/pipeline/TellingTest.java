package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.Batches;
import dev.espalier.model.Model;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.EpochReport;
import dev.espalier.train.EvaluationResult;
import dev.espalier.train.Evaluator;
import dev.espalier.train.Listener;
import dev.espalier.train.SliceScore;
import dev.espalier.train.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What listeners hear of a run beside its losses. */
@NoLeaks
class TellingTest {
    /** Tensors this small gain nothing from threads that wait for each other. */
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    private static final class Heard implements Listener {
        private final List<Double> removed = new ArrayList<>();
        private final List<List<SliceScore>> slices = new ArrayList<>();
        private final List<Double> accuracies = new ArrayList<>();
        private int toldBefore;

        @Override
        public void removed(double share) {
            removed.add(share);
        }

        @Override
        public void slices(List<SliceScore> scores) {
            slices.add(scores);
        }

        @Override
        public void epochEnd(EpochReport report) {
            assertThat(slices).as("told before the epoch is").hasSizeGreaterThan(toldBefore);
            toldBefore = slices.size();
            EpochReport.Scores validation = report.validation();
            accuracies.add(validation == null ? Double.NaN : validation.accuracy());
        }
    }

    private static Heard run(RunPlan plan) {
        Heard heard = new Heard();
        try (Model model = ToyRuns.model();
                RunOutcome outcome = PruningRun.run(model, plan, ToyRuns.setting(heard))) {
            assertThat(outcome.history()).hasSameSizeAs(heard.accuracies);
        }
        return heard;
    }

    @Test
    void theShareRemovedGrowsToTheTarget() {
        Heard heard = run(ToyRuns.training(Map.of("pattern", "element", "target", 0.5, "prune-schedule", "linear")));
        assertThat(heard.removed).hasSizeGreaterThan(1).isSorted().endsWith(0.5);
        assertThat(heard.removed.get(0)).isLessThan(0.5);
    }

    @Test
    void nothingIsRemovedWhereNothingPrunes() {
        assertThat(run(RunPlan.train(ToyRuns.TRAINING)).removed).isEmpty();
    }

    /** Classes share out the samples, so that their accuracies weighted by samples are the accuracy of all. */
    @Test
    void classesAreToldOnceAnEpochAndAddUp() {
        Heard heard = run(RunPlan.train(ToyRuns.TRAINING));
        assertThat(heard.slices).hasSize(2);
        for (int i = 0; i < 2; i++) {
            List<SliceScore> slices = heard.slices.get(i);
            assertThat(slices).hasSize(3).allMatch(slice -> slice.name().startsWith("class "));
            assertThat(slices.stream().mapToInt(SliceScore::samples).sum()).isEqualTo(30);
            double right = slices.stream()
                    .mapToDouble(slice -> slice.samples() * slice.accuracy())
                    .sum();
            assertThat(Math.round(right)).isEqualTo(Math.round(30 * heard.accuracies.get(i)));
        }
    }

    @Test
    void slicesAreToldAndKeptFromStepToStep() {
        Map<String, Object> settings = new HashMap<>(ToyRuns.TRAINING.toMap());
        settings.putAll(Map.of("target", 0.9, "prune-schedule", "iterative", "rounds", 2, "finetune-epochs", 1));
        Heard heard = new Heard();
        RunSetting setting = ToyRuns.setting(heard);
        try (Model model = ToyRuns.model();
                RunOutcome outcome = PruningRun.run(model, RunPlan.fromMap(settings), setting)) {
            List<SliceStep> steps = outcome.steps();
            assertThat(steps)
                    .extracting(SliceStep::name)
                    .containsExactly("before", "pruned to 0.45", "fine-tune 1", "pruned to 0.9", "fine-tune 2");
            assertThat(heard.slices)
                    .containsSubsequence(steps.stream().map(SliceStep::slices).toList());
            Batches held = setting.validation().orElseThrow();
            EvaluationResult end = Evaluator.evaluate(outcome.model(), held);
            assertThat(steps.get(4).slices()).isEqualTo(Evaluator.slices(outcome.model(), held, end));
            assertThat(steps.get(0).slices()).isNotEqualTo(steps.get(3).slices());
        }
    }

    @Test
    void withoutFineTuningTheLastStepIsTheModelThatIsHandedOut() {
        PruningRecipe pruning = PruningRecipe.fromMap(
                Map.of("target", 0.5, "of", "macs", "scope", "local", "reestimate-batches", 2), Set.of());
        RunSetting setting = ToyRuns.setting();
        try (Model model = ToyRuns.model();
                RunOutcome outcome = PruningRun.run(
                        model,
                        new RunPlan(Optional.of(ToyRuns.TRAINING), Optional.of(pruning), Optional.empty()),
                        setting)) {
            List<SliceStep> steps = outcome.steps();
            assertThat(steps)
                    .extracting(SliceStep::name)
                    .containsExactly("before", "pruned to 0.5", "statistics taken anew");
            Batches held = setting.validation().orElseThrow();
            EvaluationResult end = Evaluator.evaluate(outcome.model(), held);
            assertThat(steps.get(2).slices()).isEqualTo(Evaluator.slices(outcome.model(), held, end));
        }
    }

    @Test
    void nothingIsAStepWhereNothingPrunes() {
        try (Model model = ToyRuns.model();
                RunOutcome outcome = PruningRun.run(model, RunPlan.train(ToyRuns.TRAINING), ToyRuns.setting())) {
            assertThat(outcome.steps()).isEmpty();
        }
    }

    @Test
    void stepsComeBackFromACheckpoint() {
        SliceSteps steps = new SliceSteps(List.of());
        for (int i = 0; i < 12; i++) {
            steps.add(
                    i % 2 == 0 ? "pruned" : "tuned",
                    List.of(new SliceScore("class a, b", 7, i / 12.0), new SliceScore("only image", 100 + i, 1)));
        }
        Snapshot.Builder checkpoint = new Snapshot.Builder();
        steps.save(checkpoint);
        SliceSteps restored = new SliceSteps(List.of());
        restored.restore(checkpoint.build());
        assertThat(restored.all()).isEqualTo(steps.all()).hasSize(12);
    }
}
