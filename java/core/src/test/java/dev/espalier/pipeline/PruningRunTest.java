package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.DataSets;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.prune.Criterion;
import dev.espalier.prune.Pattern;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.CheckpointPolicy;
import dev.espalier.train.Listener;
import dev.espalier.train.MemoryCheckpoints;
import dev.espalier.train.Recipe;
import dev.espalier.train.RememberedGraphs;
import dev.espalier.train.SettingKey;
import dev.espalier.train.StepReport;
import dev.espalier.train.ToyImages;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
class PruningRunTest {
    private static final Recipe TRAINING =
            Recipe.defaults().with(Map.of("epochs", 3, "batch-size", 16, "lr", 0.05, "weight-decay", 1e-4));
    private static final Recipe FINE_TUNING = TRAINING.with(Map.of("epochs", 2, "lr", 0.01));

    private final RememberedGraphs graphs = new RememberedGraphs();

    /** Tensors this small gain nothing from threads that wait for each other. */
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    private static DataSets data() {
        return ToyImages.sets(120, 45, 60);
    }

    private static Model model() {
        return ModelBuilder.of("toy", Shape.of(1, ToyImages.EXTENT, ToyImages.EXTENT))
                .convNorm(8, 3, 1, 1)
                .relu()
                .residual(branch -> branch.convNorm(8, 3, 1, 1).relu().convNorm(8, 3, 1, 1), shortcut -> {})
                .relu()
                .maxPool(2)
                .convNorm(12, 3, 1, 0)
                .relu()
                .flatten()
                .dropout(0.2)
                .dense(3)
                .build(5);
    }

    private static PruningRecipe pruning(Map<String, ?> settings) {
        return PruningRecipe.fromMap(settings, Set.of());
    }

    private static RunPlan plan(Map<String, ?> pruning) {
        return new RunPlan(Optional.of(TRAINING), Optional.of(pruning(pruning)), Optional.of(FINE_TUNING));
    }

    private RunSetting setting(MemoryCheckpoints store, Listener... listeners) {
        return new RunSetting(
                data(),
                Device.CPU,
                Optional.of(new Checkpointing(store, graphs, new CheckpointPolicy(3, 0))),
                List.of(listeners));
    }

    private static SortedMap<String, byte[]> bytes(Model model) {
        SortedMap<String, byte[]> bytes = new TreeMap<>();
        model.weights().asMap().forEach((name, tensor) -> bytes.put(name, tensor.toBytes()));
        return bytes;
    }

    private SortedMap<String, byte[]> weightsAfter(RunPlan plan, MemoryCheckpoints store) {
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, plan, setting(store))) {
            SortedMap<String, byte[]> all = new TreeMap<>(bytes(outcome.model()));
            all.put("slice steps", outcome.steps().toString().getBytes(StandardCharsets.UTF_8));
            return all;
        }
    }

    private static long zeros(Model model, String parameter) {
        float[] values = model.weights().get(parameter).toFloatArray();
        long zeros = 0;
        for (float value : values) {
            zeros += value == 0 ? 1 : 0;
        }
        return zeros;
    }

    @ParameterizedTest
    @ValueSource(strings = {"l1", "l2", "gradient", "signed_gradient", "taylor", "random"})
    void oneShotChannelPruningShrinksAndFineTunes(String criterion) {
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(
                        dense,
                        plan(Map.of("criterion", criterion, "target", 0.4, "scope", "local")),
                        RunSetting.of(data(), Device.CPU))) {
            assertThat(outcome.after().size().macs())
                    .isLessThan(outcome.before().size().macs() * 8 / 10);
            assertThat(outcome.model().graph().macs())
                    .isEqualTo(outcome.after().size().macs());
            assertThat(outcome.compaction()).hasValueSatisfying(report -> {
                assertThat(report.check().passed()).isTrue();
                assertThat(report.after().parameters())
                        .isEqualTo(outcome.after().size().parameters());
            });
            assertThat(outcome.before().evaluation().accuracy()).isGreaterThan(0.9);
            assertThat(outcome.after().evaluation().accuracy()).isGreaterThan(0.8);
            assertThat(outcome.history())
                    .extracting(entry -> entry.stage())
                    .containsExactly("train", "train", "train", "fine-tune", "fine-tune");
            assertThat(outcome.model().metadata().provenance().facts())
                    .containsEntry("prune.criterion", criterion)
                    .containsEntry("train.lr", "0.05");
        }
    }

    @ParameterizedTest
    @EnumSource(Criterion.class)
    void everyCriterionFindsItsEvidence(Criterion criterion) {
        for (Pattern pattern : Pattern.values()) {
            if (criterion.scores(pattern)) {
                Map<String, ?> settings = Map.of(
                        "criterion", SettingKey.label(criterion), "pattern", SettingKey.label(pattern), "target", 0.4);
                try (Model dense = model();
                        RunOutcome outcome = PruningRun.run(
                                dense, RunPlan.prune(pruning(settings)), RunSetting.of(data(), Device.CPU))) {
                    assertThat(outcome.compaction().isPresent()).isEqualTo(pattern == Pattern.CHANNEL);
                    assertThat(outcome.model().metadata().provenance().facts())
                            .containsEntry("prune.normalisation", "auto");
                }
            }
        }
    }

    @Test
    void aTableIsReadAndRefusedByEntry() {
        PruningRecipe recipe = pruning(Map.of("scope", "table", "table", "conv1=0.25, conv2=0.5", "target", 0.1));
        assertThat(recipe.policy().budget().table()).isEqualTo(Map.of("conv1", 0.25, "conv2", 0.5));
        assertThat(recipe.facts()).containsEntry("table", "{conv1=0.25, conv2=0.5}");
        assertThatThrownBy(() -> pruning(Map.of("scope", "table", "table", "conv1")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'conv1'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"oneshot", "iterative", "cubic"})
    void elementSparsityIsReachedExactlyAndSurvivesFineTuning(String schedule) {
        Map<String, ?> settings =
                Map.of("pattern", "element", "criterion", "l1", "target", 0.8, "prune-schedule", schedule);
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, plan(settings), RunSetting.of(data(), Device.CPU))) {
            long weights = 0;
            long zeros = 0;
            for (Map.Entry<String, Tensor> entry :
                    outcome.model().weights().asMap().entrySet()) {
                if (entry.getValue().rank() > 1) {
                    weights += entry.getValue().numel();
                    zeros += zeros(outcome.model(), entry.getKey());
                }
            }
            assertThat((double) zeros / weights).isCloseTo(0.8, within(1.0 / weights));
            assertThat(outcome.compaction()).isEmpty();
            assertThat(outcome.after().size().macs())
                    .isEqualTo(outcome.before().size().macs());
        }
    }

    @Test
    void aPlanWithoutFineTuningPrunesAtOnce() {
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(
                        dense,
                        RunPlan.prune(pruning(Map.of("of", "macs", "target", 0.3))),
                        RunSetting.of(data(), Device.CPU))) {
            assertThat((double) outcome.after().size().macs())
                    .isLessThanOrEqualTo(0.7 * outcome.before().size().macs());
            assertThat(outcome.history()).isEmpty();
        }
    }

    @Test
    void channelsAreArrangedOnceTrainedAndNeverBefore() {
        List<String> notes = new ArrayList<>();
        Listener listener = new Listener() {
            @Override
            public void note(String line) {
                notes.add(line);
            }
        };
        Map<String, ?> settings = Map.of("pattern", "vector", "vector", 4, "permute", true, "scope", "local");
        try (Model dense = model();
                RunOutcome outcome =
                        PruningRun.run(dense, plan(settings), setting(new MemoryCheckpoints(), listener))) {
            assertThat(outcome.model().metadata().provenance().facts())
                    .containsEntry("prune.pattern", "4x1")
                    .containsEntry("prune.permute", "true");
            assertThat(outcome.after().evaluation().accuracy()).isGreaterThan(0.8);
        }
        assertThat(notes)
                .filteredOn(note -> note.startsWith("arranged the channels of"))
                .hasSize(1);
        for (String schedule : List.of("lottery", "cubic")) {
            PruningRecipe early = pruning(Map.of("pattern", "nm", "permute", true, "prune-schedule", schedule));
            assertThatThrownBy(() -> new RunPlan(Optional.of(TRAINING), Optional.of(early), Optional.empty()))
                    .hasMessageContaining("permute");
        }
    }

    @Test
    void everyPatternHasARunOfItsOwn() {
        Set<String> hashes = new HashSet<>();
        List<Map<String, ?>> all = List.of(
                Map.of("pattern", "element"),
                Map.of("pattern", "nm"),
                Map.of("pattern", "nm", "nm", "1:2"),
                Map.of("pattern", "nm", "nm", "1:4"),
                Map.of("pattern", "vector"),
                Map.of("pattern", "vector", "permute", true),
                Map.of("pattern", "vector", "vector", 32),
                Map.of("pattern", "block"));
        all.forEach(settings -> hashes.add(plan(settings).hash()));
        assertThat(hashes).hasSize(all.size());
        assertThat(pruning(all.get(3)).policy().budget().target()).isEqualTo(0.75);
        assertThat(plan(Map.of("pattern", "block", "block", "16x1")).hash())
                .as("a vector is a block of one input")
                .isEqualTo(plan(Map.of("pattern", "vector", "vector", 16)).hash());
    }

    @Test
    void whatAPenaltyShrankIsRemoved() {
        Recipe penalised = TRAINING.with(Map.of("l1", 0.02, "weight-decay", 0));
        PruningRecipe removal = pruning(Map.of("pattern", "element", "shrunk-below", 0.2));
        List<Double> sparsities = new ArrayList<>();
        for (Recipe training : List.of(TRAINING, penalised)) {
            RunPlan plan = new RunPlan(Optional.of(training), Optional.of(removal), Optional.of(FINE_TUNING));
            try (Model dense = model();
                    RunOutcome outcome = PruningRun.run(dense, plan, RunSetting.of(data(), Device.CPU))) {
                sparsities.add(outcome.after().size().sparsity());
            }
        }
        assertThat(sparsities.get(1)).isGreaterThan(sparsities.get(0) + 0.1);
    }

    @Test
    void trainingAloneMeasuresTheResult() {
        try (Model dense = model();
                RunOutcome outcome =
                        PruningRun.run(dense, RunPlan.train(TRAINING), RunSetting.of(data(), Device.CPU))) {
            assertThat(outcome.after()).isSameAs(outcome.before());
            assertThat(outcome.after().evaluation().accuracy()).isGreaterThan(0.9);
            assertThat(outcome.model().metadata().labels()).containsExactly("rows", "columns", "middle");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{pattern=channel, criterion=taylor, target=0.5, prune-schedule=iterative, rounds=2}",
                "{pattern=channel, scope=local, criterion=l2, target=0.4, prune-schedule=cubic, end=0.5, every=0.1}",
                "{pattern=element, criterion=l1, target=0.7, prune-schedule=cubic, end=0.5, every=0.1}",
                "{pattern=nm, nm=2:4, permute=true, prune-schedule=cubic, end=0.5, every=0.1}",
                "{pattern=vector, vector=4, permute=true, target=0.6, prune-schedule=iterative, rounds=2}",
                "{pattern=block, block=4x2, criterion=taylor, target=0.5, prune-schedule=growing, end=0.5, every=0.1}",
            })
    void resumingFromAnyCheckpointGivesTheBitsOfTheUninterruptedRun(String settings) {
        RunPlan plan = plan(parse(settings));
        MemoryCheckpoints all = new MemoryCheckpoints();
        SortedMap<String, byte[]> whole = weightsAfter(plan, all);
        assertThat(new String(Objects.requireNonNull(whole.get("slice steps")), StandardCharsets.UTF_8))
                .contains("SliceStep[name=before, ");
        for (int i = 0; i < all.count(); i += 2) {
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

    private static Map<String, String> parse(String settings) {
        Map<String, String> map = new TreeMap<>();
        for (String pair : settings.substring(1, settings.length() - 1).split(", ", -1)) {
            int equals = pair.indexOf('=');
            map.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return map;
    }

    @Test
    void compactionInTheMiddleOfAFitKeepsPositionAndOptimiserState() {
        RunPlan plan =
                plan(Map.of("target", 0.5, "scope", "local", "prune-schedule", "cubic", "end", 0.4, "every", 0.1));
        List<StepReport> steps = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        Listener listener = new Listener() {
            @Override
            public void stageBegin(String name, Recipe recipe, int perEpoch) {
                steps.clear();
            }

            @Override
            public void stepEnd(StepReport report) {
                steps.add(report);
            }

            @Override
            public void note(String line) {
                notes.add(line);
            }
        };
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, plan, setting(new MemoryCheckpoints(), listener))) {
            assertThat(outcome.compaction()).isPresent();
            assertThat(notes).anyMatch(note -> note.startsWith("compacted from"));
        }
        assertThat(steps).hasSize(16);
        for (int i = 0; i < steps.size(); i++) {
            assertThat(steps.get(i).batches()).isEqualTo(i + 1);
            assertThat(steps.get(i).loss()).isLessThan(1);
        }
    }

    @Test
    void refusesTheCheckpointOfAnotherPlan() {
        MemoryCheckpoints store = new MemoryCheckpoints();
        weightsAfter(RunPlan.train(TRAINING.with("epochs", 1)), store);
        assertThatThrownBy(() -> weightsAfter(RunPlan.train(TRAINING), store))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("another recipe");
    }

    @Test
    void aLatencyTargetIsMeasuredAndTold() {
        Map<String, ?> settings = Map.of("of", "latency", "target", 0.2, "scope", "local", "batch", 16);
        try (Model dense = ModelBuilder.of("wide", Shape.of(1, ToyImages.EXTENT, ToyImages.EXTENT))
                        .conv(64, 3)
                        .relu()
                        .conv(64, 3)
                        .relu()
                        .flatten()
                        .dense(3)
                        .build(5);
                RunOutcome outcome =
                        PruningRun.run(dense, RunPlan.prune(pruning(settings)), RunSetting.of(data(), Device.CPU))) {
            assertThat(outcome.after().size().macs())
                    .isLessThan(outcome.before().size().macs());
            assertThat(outcome.latency()).hasValueSatisfying(report -> {
                assertThat(report.target()).isEqualTo(0.2);
                assertThat(report.batch()).isEqualTo(16);
                assertThat(report.measured().prunedMillis()).isPositive();
            });
            assertThat(outcome.model().metadata().provenance().facts())
                    .containsEntry("prune.of", "latency")
                    .containsKey("latency.pruned-ms");
        }
        assertThatThrownBy(() -> pruning(Map.of("of", "latency", "prune-schedule", "cubic")))
                .hasMessageContaining("latency")
                .hasMessageContaining("oneshot or iterative");
    }
}
