package dev.espalier.pipeline;

import static dev.espalier.pipeline.ToyRuns.TRAINING;
import static dev.espalier.pipeline.ToyRuns.kept;
import static dev.espalier.pipeline.ToyRuns.model;
import static dev.espalier.pipeline.ToyRuns.ones;
import static dev.espalier.pipeline.ToyRuns.setting;
import static dev.espalier.pipeline.ToyRuns.training;
import static dev.espalier.pipeline.ToyRuns.weights;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.model.Model;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.Listener;
import dev.espalier.train.TrainingState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dynamic sparse training: SET and RigL exchange weights and keep their number. */
@NoLeaks
class ExchangeTest {
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    /** Watches masks from step to step. */
    private static final class MaskWatch implements Listener {
        private final Map<String, float[]> masks = new HashMap<>();
        private int changes;
        private double sparsity;

        @Override
        public void gradientsReady(TrainingState state) {
            long all = 0;
            long left = 0;
            for (Map.Entry<String, BitMask> entry : state.masks().entrySet()) {
                float[] now = ones(entry.getValue());
                float[] before = masks.put(entry.getKey(), now);
                all += now.length;
                left += kept(now);
                if (before != null && !Arrays.equals(before, now)) {
                    changes++;
                    assertThat(kept(now)).as(entry.getKey()).isEqualTo(kept(before));
                    assertReturnedFromZero(state, entry.getKey(), before, now);
                }
            }
            sparsity = 1 - (double) left / all;
        }

        private static void assertReturnedFromZero(TrainingState state, String name, float[] before, float[] now) {
            List<Tensor> zeros = new ArrayList<>(state.optimizer().state(name));
            zeros.add(state.parameter(name).detach());
            for (Tensor tensor : zeros) {
                float[] values = tensor.toFloatArray();
                for (int i = 0; i < now.length; i++) {
                    if (before[i] == 0) {
                        assertThat(values[i]).as("%s at %s", name, i).isZero();
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"set", "rigl"})
    void exchangeKeepsEveryLayersCountAndStartsFromZero(String schedule) {
        MaskWatch watch = new MaskWatch();
        RunPlan plan = training(Map.of(
                "pattern",
                "element",
                "criterion",
                "random",
                "target",
                0.7,
                "prune-schedule",
                schedule,
                "end",
                0.8,
                "every",
                0.125,
                "gradient-batches",
                2));
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, plan, setting(watch))) {
            float[] all = weights(outcome.model());
            long weights = all.length;
            long zeros = weights - kept(all);
            assertThat(watch.changes).isPositive();
            assertThat(watch.sparsity).isCloseTo(0.7, within(1.0 / weights));
            assertThat(zeros).isGreaterThanOrEqualTo(Math.round(0.7 * weights));
        }
    }

    @Test
    void theBaselineOfExchangeStaysWhereItFell() {
        MaskWatch watch = new MaskWatch();
        PruningRecipe recipe = PruningRecipe.fromMap(
                Map.of("pattern", "element", "target", 0.7, "prune-schedule", "rigl", "every", 0.125), Set.of());
        RunPlan plan = new RunPlan(Optional.of(TRAINING), Optional.of(recipe.random(3)), Optional.empty());
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, plan, setting(watch))) {
            assertThat(watch.changes).isZero();
            assertThat(watch.sparsity).isCloseTo(0.7, within(0.001));
        }
    }

    @Test
    void theShareExchangedFollowsHalfACosine() {
        Course.Dynamic course = new Course.Dynamic(true, 0.4, 0.8, 0.1);
        assertThat(course.share(0)).isEqualTo(0.4);
        assertThat(course.share(0.4)).isCloseTo(0.2, within(1e-12));
        assertThat(course.share(0.2)).isCloseTo(0.2 * (1 + Math.sqrt(0.5)), within(1e-12));
        assertThat(course.share(0.8)).isZero();
    }
}
