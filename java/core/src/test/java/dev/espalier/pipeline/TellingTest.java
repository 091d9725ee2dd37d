package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.model.Model;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.EpochReport;
import dev.espalier.train.Listener;
import dev.espalier.train.SliceScore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

        @Override
        public void removed(double share) {
            removed.add(share);
        }

        @Override
        public void slices(List<SliceScore> scores) {
            assertThat(slices).as("before the epoch is told").hasSameSizeAs(accuracies);
            slices.add(scores);
        }

        @Override
        public void epochEnd(EpochReport report) {
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
}
