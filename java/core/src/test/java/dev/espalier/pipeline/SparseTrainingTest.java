package dev.espalier.pipeline;

import static dev.espalier.pipeline.ToyRuns.PER_EPOCH;
import static dev.espalier.pipeline.ToyRuns.TRAINING;
import static dev.espalier.pipeline.ToyRuns.data;
import static dev.espalier.pipeline.ToyRuns.kept;
import static dev.espalier.pipeline.ToyRuns.model;
import static dev.espalier.pipeline.ToyRuns.ones;
import static dev.espalier.pipeline.ToyRuns.setting;
import static dev.espalier.pipeline.ToyRuns.training;
import static dev.espalier.pipeline.ToyRuns.weights;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.model.Model;
import dev.espalier.prune.PruningException;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.CheckpointPolicy;
import dev.espalier.train.Listener;
import dev.espalier.train.MemoryCheckpoints;
import dev.espalier.train.Recipe;
import dev.espalier.train.RememberedGraphs;
import dev.espalier.train.Step;
import dev.espalier.train.TrainingState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Courses of training towards sparsity, lotteries, and resuming any of them. */
@NoLeaks
class SparseTrainingTest {
    private final RememberedGraphs graphs = new RememberedGraphs();

    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linear", "exponential", "cyclic", "growing", "lottery"})
    void everyCourseReachesItsSparsityExactly(String schedule) {
        Map<String, ?> settings = Map.of(
                "pattern",
                "element",
                "criterion",
                "l1",
                "target",
                0.8,
                "prune-schedule",
                schedule,
                "end",
                0.75,
                "every",
                0.125,
                "rounds",
                2,
                "gradient-batches",
                2);
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, training(settings), setting())) {
            float[] all = weights(outcome.model());
            long weights = all.length;
            long zeros = weights - kept(all);
            assertThat((double) zeros / weights).isCloseTo(0.8, within(1.0 / weights));
        }
    }

    @Test
    void cyclicPruningLetsWeightsComeBack() {
        List<Long> counts = new ArrayList<>();
        Listener listener = new Listener() {
            @Override
            public void gradientsReady(TrainingState state) {
                counts.add(
                        state.masks().values().stream().mapToLong(BitMask::kept).sum());
            }
        };
        Map<String, ?> settings = Map.of(
                "pattern",
                "element",
                "criterion",
                "l1",
                "target",
                0.8,
                "prune-schedule",
                "cyclic",
                "end",
                0.75,
                "every",
                0.25,
                "rounds",
                2,
                "fall-to",
                0.5,
                "gradient-batches",
                2);
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, training(settings), setting(listener))) {
            // Eight steps: rises by step 2, falls at 4, has risen again at 6.
            assertThat(counts).hasSize(2 * PER_EPOCH);
            assertThat(counts.get(4)).isGreaterThan(counts.get(2));
            assertThat(counts.get(6)).isEqualTo(counts.get(2)).isEqualTo(counts.get(7));
            long weights = weights(outcome.model()).length;
            assertThat(weights - counts.get(4)).isEqualTo(Math.round(0.4 * weights));
        }
    }

    @Test
    void aLotteryGoesBackToTheEarlyWeights() {
        Map<String, float[]> early = new TreeMap<>();
        List<String> compared = new ArrayList<>();
        Listener listener = new Listener() {
            private String stage = "";
            private boolean first;

            @Override
            public void stageBegin(String name, Recipe recipe, int perEpoch) {
                stage = name;
                first = true;
                assertThat(perEpoch).isEqualTo(PER_EPOCH);
            }

            @Override
            public void gradientsReady(TrainingState state) {
                if (stage.equals("train") && state.position().equals(new Step(0, 2))) {
                    state.parameters().forEach((name, p) -> early.put(name, p.toFloatArray()));
                } else if (stage.startsWith("round") && first) {
                    assertThat(state.position()).isEqualTo(new Step(0, 2));
                    state.parameters().forEach((name, p) -> {
                        float[] expected =
                                Objects.requireNonNull(early.get(name)).clone();
                        BitMask mask = state.masks().get(name);
                        float[] ones = mask == null ? new float[0] : ones(mask);
                        for (int i = 0; i < ones.length; i++) {
                            expected[i] = ones[i] == 0 ? 0 : expected[i];
                        }
                        assertThat(p.toFloatArray()).as(stage + " " + name).isEqualTo(expected);
                    });
                    compared.add(stage);
                }
                first = false;
            }
        };
        Map<String, ?> settings = Map.of(
                "pattern",
                "element",
                "criterion",
                "l1",
                "target",
                0.64,
                "prune-schedule",
                "lottery",
                "rounds",
                2,
                "rewind-epochs",
                0.5);
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, training(settings), setting(listener))) {
            assertThat(compared).containsExactly("round 1", "round 2");
            assertThat(outcome.history())
                    .extracting(entry -> entry.stage())
                    .containsExactly("train", "train", "round 1", "round 1", "round 2", "round 2");
        }
        // Each of two rounds keeps 60 %, which leaves 36 %.
        assertThat(new Course.Lottery(2, 0.5).share(1, 0.64)).isCloseTo(0.4, within(1e-12));
        assertThat(new Course.Lottery(2, 0.5).share(2, 0.64)).isEqualTo(0.64);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pattern=element, target=0.7, prune-schedule=cyclic, rounds=2, end=0.75, every=0.25, gradient-batches=2",
                "pattern=element, target=0.7, prune-schedule=set, end=0.8, every=0.125",
                "pattern=element, target=0.7, prune-schedule=rigl, end=0.8, every=0.125, gradient-batches=2",
                "pattern=channel, scope=local, target=0.4, prune-schedule=growing, end=0.5, every=0.125",
                "pattern=element, target=0.6, prune-schedule=growing, end=0.5, every=0.125",
                "pattern=channel, scope=local, target=0.4, prune-schedule=lottery, rounds=2, rewind-epochs=0.5",
                "pattern=channel, scope=local, target=0.4, distill=0.7",
            })
    void resumingGivesTheBitsOfTheUninterruptedRun(String settings) {
        Map<String, String> map = new TreeMap<>();
        for (String pair : settings.split(", ", -1)) {
            int equals = pair.indexOf('=');
            map.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        String distill = map.remove("distill");
        RunPlan plan = training(map);
        if (distill != null) {
            plan = new RunPlan(plan.training(), plan.pruning(), Optional.of(TRAINING.with("distill", distill)));
        }
        MemoryCheckpoints all = new MemoryCheckpoints();
        SortedMap<String, byte[]> whole = weightsAfter(plan, all);
        assertThat(all.count()).isGreaterThanOrEqualTo(3);
        for (int i = 0; i < all.count(); i += all.count() > 6 ? 2 : 1) {
            Rng.seed(77);
            SortedMap<String, byte[]> resumed = weightsAfter(plan, all.upTo(i));
            assertThat(resumed.keySet()).isEqualTo(whole.keySet());
            for (Map.Entry<String, byte[]> entry : whole.entrySet()) {
                assertThat(resumed.get(entry.getKey()))
                        .as("%s after checkpoint %s", entry.getKey(), i)
                        .isEqualTo(entry.getValue());
            }
        }
    }

    /** Patience ends a fit before its schedule does: everything goes at once, and what resumes later must not bring it back. */
    @ParameterizedTest
    @ValueSource(strings = {"element", "channel"})
    void aFitThatEndedBeforeItsScheduleResumes(String pattern) {
        Map<String, Object> settings = Map.of(
                "pattern",
                pattern,
                "scope",
                "local",
                "target",
                0.4,
                "prune-schedule",
                "cubic",
                "begin",
                0.9,
                "end",
                1,
                "every",
                0.02);
        RunPlan plan = new RunPlan(
                Optional.of(TRAINING.with(Map.of("epochs", 60, "patience", 1, "lr", 1e-9))),
                Optional.of(PruningRecipe.fromMap(settings, Set.of())),
                Optional.empty());
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, plan, setting())) {
            assertThat(outcome.history()).hasSizeLessThan(50);
        }
        MemoryCheckpoints all = new MemoryCheckpoints();
        SortedMap<String, byte[]> whole = weightsAfter(plan, all);
        for (int i = all.count() - 6; i < all.count(); i++) {
            SortedMap<String, byte[]> resumed = weightsAfter(plan, all.upTo(i));
            assertThat(resumed.keySet()).isEqualTo(whole.keySet());
            whole.forEach(
                    (name, bytes) -> assertThat(resumed.get(name)).as(name).isEqualTo(bytes));
        }
    }

    private SortedMap<String, byte[]> weightsAfter(RunPlan plan, MemoryCheckpoints store) {
        RunSetting saving = new RunSetting(
                data(),
                Device.CPU,
                Optional.of(new Checkpointing(store, graphs, new CheckpointPolicy(3, 0))),
                List.of());
        SortedMap<String, byte[]> bytes = new TreeMap<>();
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, plan, saving)) {
            outcome.model().weights().asMap().forEach((name, tensor) -> bytes.put(name, tensor.toBytes()));
        }
        return bytes;
    }

    @Test
    void aLotteryThatEndsBeforeItsEarlyStepIsRefused() {
        Recipe impatient = TRAINING.with(Map.of("epochs", 9, "patience", 1, "lr", 1e-9, "validation-fraction", 0.2));
        RunPlan plan = new RunPlan(
                Optional.of(impatient),
                Optional.of(PruningRecipe.fromMap(
                        Map.of("pattern", "element", "prune-schedule", "lottery", "rounds", 1, "rewind-epochs", 8),
                        Set.of())),
                Optional.empty());
        try (Model dense = model()) {
            assertThatThrownBy(() -> PruningRun.run(dense, plan, setting()).close())
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("lower rewind-epochs, or raise patience");
        }
    }

    @Test
    void newStatisticsFollowPruningWithoutFineTuning() {
        Map<String, Object> settings = new HashMap<>(Map.of("scope", "local", "target", 0.5));
        RunPlan plain = RunPlan.prune(PruningRecipe.fromMap(settings, Set.of()));
        settings.put("reestimate-batches", 1);
        RunPlan again = RunPlan.prune(PruningRecipe.fromMap(settings, Set.of()));
        try (Model dense = model();
                RunOutcome was = PruningRun.run(dense, plain, setting());
                RunOutcome is = PruningRun.run(dense, again, setting())) {
            was.model().weights().asMap().forEach((name, tensor) -> {
                byte[] other = is.model().weights().get(name).toBytes();
                if (was.model().graph().isStatistic(name)) {
                    assertThat(other).as(name).isNotEqualTo(tensor.toBytes());
                } else {
                    assertThat(other).as(name).isEqualTo(tensor.toBytes());
                }
            });
        }
    }

    @Test
    void plansThatCannotBeAreRefused() {
        assertThatThrownBy(() -> PruningRecipe.fromMap(Map.of("prune-schedule", "rigl"), Set.of()))
                .hasMessageContaining("pattern element, got channel");
        assertThatThrownBy(() -> RunPlan.train(TRAINING.with("distill", 0.5)))
                .hasMessageContaining("for fine-tuning, not for training");
        PruningRecipe lottery =
                PruningRecipe.fromMap(Map.of("prune-schedule", "lottery", "rewind-epochs", 2), Set.of());
        assertThatThrownBy(() -> RunPlan.prune(lottery, TRAINING)).hasMessageContaining("less than the 2 epochs");
        assertThatThrownBy(() -> RunPlan.prune(lottery)).hasMessageContaining("neither");
    }
}
