package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.DataSets;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Window;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.BestWeights;
import dev.espalier.train.CheckpointPolicy;
import dev.espalier.train.EarlyStop;
import dev.espalier.train.Listener;
import dev.espalier.train.MemoryCheckpoints;
import dev.espalier.train.PenaltyRecipe;
import dev.espalier.train.Recipe;
import dev.espalier.train.RememberedGraphs;
import dev.espalier.train.Step;
import dev.espalier.train.ToyImages;
import dev.espalier.train.TrainingState;
import java.util.ArrayList;
import java.util.Arrays;
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

/** Ways of training towards sparsity: exchange, growing penalties, lotteries, teachers, group penalties. */
@NoLeaks
class SparseTrainingTest {
    private static final Recipe TRAINING =
            Recipe.defaults().with(Map.of("epochs", 2, "batch-size", 16, "lr", 0.05, "weight-decay", 1e-4));
    private static final int PER_EPOCH = 4;

    private final RememberedGraphs graphs = new RememberedGraphs();

    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    private static DataSets data() {
        return ToyImages.sets(64, 30, 30);
    }

    private static Model model() {
        return ModelBuilder.of("toy", Shape.of(1, ToyImages.EXTENT, ToyImages.EXTENT))
                .convNorm(8, 3, 1, 1)
                .relu()
                .maxPool(2)
                .convNorm(12, 3, 1, 0)
                .relu()
                .flatten()
                .dropout(0.2)
                .dense(3)
                .build(5);
    }

    private static RunPlan training(Map<String, ?> pruning) {
        return new RunPlan(
                Optional.of(TRAINING), Optional.of(PruningRecipe.fromMap(pruning, Set.of())), Optional.empty());
    }

    private static RunSetting setting(Listener... listeners) {
        return new RunSetting(data(), Device.CPU, Optional.empty(), List.of(listeners));
    }

    private static float[] ones(BitMask mask) {
        return mask.unpack().to(DType.F32).toFloatArray();
    }

    private static int kept(float[] ones) {
        int kept = 0;
        for (float one : ones) {
            kept += one != 0 ? 1 : 0;
        }
        return kept;
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
            long weights = 0;
            long zeros = 0;
            for (Tensor tensor : outcome.model().weights().asMap().values()) {
                if (tensor.rank() > 1) {
                    weights += tensor.numel();
                    zeros += tensor.numel() - kept(tensor.toFloatArray());
                }
            }
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
            long weights = 0;
            long zeros = 0;
            for (Tensor tensor : outcome.model().weights().asMap().values()) {
                if (tensor.rank() > 1) {
                    weights += tensor.numel();
                    zeros += tensor.numel() - kept(tensor.toFloatArray());
                }
            }
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
            long weights = outcome.model().weights().asMap().values().stream()
                    .filter(t -> t.rank() > 1)
                    .mapToLong(Tensor::numel)
                    .sum();
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
    void aGrowingPenaltyPullsTheSmallestHalfAlone() {
        PruningRecipe recipe = PruningRecipe.fromMap(
                Map.of(
                        "pattern",
                        "element",
                        "criterion",
                        "l1",
                        "target",
                        0.5,
                        "prune-schedule",
                        "growing",
                        "begin",
                        0,
                        "end",
                        1,
                        "every",
                        0.1,
                        "penalty-ceiling",
                        2),
                Set.of());
        try (Scope scope = Scope.open();
                Model dense = model();
                RunState run = new RunState(
                        TrainingState.of(dense, TRAINING.optimizer(), Device.CPU),
                        Optional.of(recipe),
                        Optional.of(dense.graph()));
                BestWeights best = new BestWeights(run.training())) {
            TrainingState state = run.training();
            FitSetting fit = new FitSetting(10, 1, setting().evidence(), best, new EarlyStop(0));
            GrowingPenalty penalty = new GrowingPenalty(run, recipe, (Course.Growing) recipe.course(), fit);
            penalty.begin();
            assertThat(state.masks()).as("nothing is removed yet").isEmpty();
            state.begin(TRAINING.optimizer(), new Step(0, 5));
            state.parameters().values().forEach(p -> p.mul(0).sum().backward());
            penalty.gradientsReady(state);
            float[] magnitudes = magnitudes(state);
            Arrays.sort(magnitudes);
            float middle = magnitudes[magnitudes.length / 2];
            state.parameters().forEach((name, parameter) -> {
                float[] weights = parameter.toFloatArray();
                float[] got = Objects.requireNonNull(parameter.grad()).toFloatArray();
                for (int i = 0; i < got.length; i++) {
                    // Half of the way to a factor of 2.
                    boolean chosen = parameter.rank() > 1 && Math.abs(weights[i]) < middle;
                    assertThat(got[i]).as(name).isEqualTo(chosen ? weights[i] : 0);
                }
            });
        }
    }

    private static float[] magnitudes(TrainingState state) {
        List<Float> all = new ArrayList<>();
        state.parameters().values().stream().filter(p -> p.rank() > 1).forEach(p -> {
            for (float w : p.toFloatArray()) {
                all.add(Math.abs(w));
            }
        });
        float[] magnitudes = new float[all.size()];
        for (int i = 0; i < magnitudes.length; i++) {
            magnitudes[i] = all.get(i);
        }
        return magnitudes;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void channelLassoReachesAllPlacesOfAChannel(boolean proximal) {
        try (Scope scope = Scope.open();
                Model dense = ModelBuilder.of("two", Shape.of(1, 6, 6))
                        .conv(3, Window.square(3, 1, 1), 1, true)
                        .relu()
                        .conv(2, Window.square(1, 1, 0), 1, true)
                        .flatten()
                        .dense(2)
                        .build(4);
                TrainingState state = TrainingState.of(dense, TRAINING.optimizer(), Device.CPU)) {
            // Channel c of the first layer: row c of its weight, its bias, and column c of the second layer's weight.
            float[] first = state.parameter("conv1.weight").toFloatArray();
            float[] second = state.parameter("conv2.weight").toFloatArray();
            state.load(Map.of("conv1.bias", Tensor.of(new float[] {0.5f, -1, 0}, 3)));
            double[] norms = new double[3];
            for (int c = 0; c < 3; c++) {
                double sum = Math.pow(new double[] {0.5, -1, 0}[c], 2);
                for (int i = 0; i < 9; i++) {
                    sum += Math.pow(first[9 * c + i], 2);
                }
                norms[c] = Math.sqrt(sum + Math.pow(second[c], 2) + Math.pow(second[3 + c], 2));
            }
            ChannelLasso lasso = new ChannelLasso(
                    ChannelGroups.trace(dense.graph(), Set.of("conv2")), new PenaltyRecipe(0, 0, 0, 0, 0.25, proximal));
            state.parameters().values().forEach(p -> p.mul(0).sum().backward());
            lasso.gradientsReady(state);
            lasso.updated(state, 0.5);
            float[] got = proximal
                    ? state.parameter("conv1.weight").toFloatArray()
                    : Objects.requireNonNull(state.parameter("conv1.weight").grad())
                            .toFloatArray();
            float[] down = proximal
                    ? state.parameter("conv2.weight").toFloatArray()
                    : Objects.requireNonNull(state.parameter("conv2.weight").grad())
                            .toFloatArray();
            for (int i = 0; i < 27; i++) {
                double factor = proximal ? 1 - 0.5 * 0.25 / norms[i / 9] : 0.25 / norms[i / 9];
                assertThat((double) got[i]).isCloseTo(first[i] * factor, within(1e-6));
            }
            for (int i = 0; i < 6; i++) {
                double factor = proximal ? 1 - 0.5 * 0.25 / norms[i % 3] : 0.25 / norms[i % 3];
                assertThat((double) down[i]).isCloseTo(second[i] * factor, within(1e-6));
            }
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
