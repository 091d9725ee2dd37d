package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataSets;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.prune.Criterion;
import dev.espalier.prune.Layers;
import dev.espalier.prune.Pattern;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.CheckpointPolicy;
import dev.espalier.train.MemoryCheckpoints;
import dev.espalier.train.Recipe;
import dev.espalier.train.RememberedGraphs;
import dev.espalier.train.SettingKey;
import dev.espalier.train.ToyImages;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole layers removed in a run, round by round. */
@NoLeaks
class LayerRunTest {
    private static final Recipe TRAINING =
            Recipe.defaults().with(Map.of("epochs", 3, "batch-size", 16, "lr", 0.05, "weight-decay", 1e-4));
    private static final Recipe FINE_TUNING = TRAINING.with(Map.of("epochs", 2, "lr", 0.01));

    private final RememberedGraphs graphs = new RememberedGraphs();

    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    private static DataSets data() {
        return ToyImages.sets(120, 45, 60);
    }

    private static Model model() {
        ModelBuilder layers = ModelBuilder.of("toy", Shape.of(1, ToyImages.EXTENT, ToyImages.EXTENT))
                .convNorm(8, 3, 1, 1)
                .relu();
        for (int i = 0; i < 4; i++) {
            layers.residual(branch -> branch.convNorm(8, 3, 1, 1).relu().convNorm(8, 3, 1, 1), shortcut -> {})
                    .relu();
        }
        return layers.maxPool(2).flatten().dense(3).build(5);
    }

    private static PruningRecipe pruning(Map<String, ?> settings) {
        Map<String, Object> all = new TreeMap<>(Map.of("pattern", "layer"));
        all.putAll(settings);
        return PruningRecipe.fromMap(all, Set.of());
    }

    private static RunPlan plan(Map<String, ?> settings) {
        return new RunPlan(Optional.of(TRAINING), Optional.of(pruning(settings)), Optional.of(FINE_TUNING));
    }

    @Test
    void halfOfTheLayersGoAndTheRestLearns() {
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(
                        dense, plan(Map.of("target", 0.5, "criterion", "l1")), RunSetting.of(data(), Device.CPU))) {
            assertThat(outcome.compaction()).hasValueSatisfying(report -> {
                assertThat(report.layers()).hasSize(2);
                assertThat(report.check().passed()).isTrue();
                assertThat(outcome.model().metadata().provenance().facts())
                        .containsEntry("prune.pattern", "layer")
                        .containsEntry("prune.of", "layers")
                        .containsEntry("prune.layers", String.join(" ", report.layers()));
            });
            assertThat(Layers.of(outcome.model().graph()).removable()).hasSize(2);
            assertThat(outcome.after().size().macs())
                    .isLessThan(outcome.before().size().macs() * 6 / 10);
            assertThat(outcome.after().evaluation().accuracy()).isGreaterThan(0.8);
        }
    }

    @ParameterizedTest
    @EnumSource(Criterion.class)
    void everyCriterionFindsItsEvidence(Criterion criterion) {
        if (criterion.scores(Pattern.LAYER)) {
            PruningRecipe recipe =
                    pruning(Map.of("criterion", SettingKey.label(criterion), "target", 0.5, "gradient-batches", 2));
            try (Model dense = model();
                    RunOutcome outcome =
                            PruningRun.run(dense, RunPlan.prune(recipe), RunSetting.of(data(), Device.CPU))) {
                assertThat(outcome.compaction())
                        .hasValueSatisfying(
                                report -> assertThat(report.layers()).hasSize(2));
            }
        }
    }

    private Map<String, byte[]> after(RunPlan plan, MemoryCheckpoints store) {
        RunSetting setting = new RunSetting(
                data(),
                Device.CPU,
                Optional.of(new Checkpointing(store, graphs, new CheckpointPolicy(3, 0))),
                List.of());
        try (Model dense = model();
                RunOutcome outcome = PruningRun.run(dense, plan, setting)) {
            Map<String, byte[]> bytes = new TreeMap<>();
            outcome.model().weights().asMap().forEach((name, tensor) -> bytes.put(name, tensor.toBytes()));
            assertThat(outcome.compaction())
                    .hasValueSatisfying(report -> assertThat(report.layers()).hasSize(3));
            return bytes;
        }
    }

    /** Rounds cut the network again and again; the target stays a share of the dense one. */
    @ParameterizedTest
    @ValueSource(strings = {"iterative", "lottery"})
    void roundsGoOnFromAnyCheckpoint(String schedule) {
        boolean lottery = schedule.equals("lottery");
        PruningRecipe recipe = pruning(Map.of(
                "target", 0.75, "criterion", "taylor", "prune-schedule", schedule, "rounds", 3, "gradient-batches", 2));
        RunPlan plan = new RunPlan(
                Optional.of(TRAINING), Optional.of(recipe), lottery ? Optional.empty() : Optional.of(FINE_TUNING));
        MemoryCheckpoints all = new MemoryCheckpoints();
        Map<String, byte[]> whole = after(plan, all);
        assertThat(all.count()).isGreaterThan(3);
        for (int i = 0; i < all.count(); i += 3) {
            Rng.seed(77);
            Map<String, byte[]> resumed = after(plan, all.upTo(i));
            assertThat(resumed.keySet()).isEqualTo(whole.keySet());
            whole.forEach(
                    (name, bytes) -> assertThat(resumed.get(name)).as(name).isEqualTo(bytes));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cubic", "linear", "exponential", "growing"})
    void gradualSchedulesAreRefusedByName(String schedule) {
        assertThatThrownBy(() -> pruning(Map.of("prune-schedule", schedule)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layers go at once and whole")
                .hasMessageContaining("oneshot, iterative or lottery");
    }

    @Test
    void settingsOfWeightsAndChannelsAreRefused() {
        assertThatThrownBy(() -> pruning(Map.of("shrunk-below", 0.1))).hasMessageContaining("the pattern is layers");
        assertThatThrownBy(() -> pruning(Map.of("round-to", 8))).hasMessageContaining("the pattern is layers");
        assertThatThrownBy(() -> pruning(Map.of("of", "latency", "prune-schedule", "iterative")))
                .hasMessageContaining("prune-schedule oneshot");
        assertThat(pruning(Map.of("of", "latency")).policy().budget().roundTo()).isEqualTo(1);
    }
}
