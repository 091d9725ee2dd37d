package dev.espalier.pipeline;

import static dev.espalier.pipeline.ToyRuns.TRAINING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.CheckpointPolicy;
import dev.espalier.train.MemoryCheckpoints;
import dev.espalier.train.RememberedGraphs;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs that keep a moving average of their weights. */
@NoLeaks
class AveragedRunTest {
    private final RememberedGraphs graphs = new RememberedGraphs();

    /** Tensors this small gain nothing from threads that wait for each other. */
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    private RunOutcome run(RunPlan plan, MemoryCheckpoints store) {
        try (Model dense = ToyRuns.model()) {
            RunSetting setting = new RunSetting(
                    ToyRuns.data(),
                    Device.CPU,
                    Optional.of(new Checkpointing(store, graphs, new CheckpointPolicy(1, 0))),
                    List.of());
            return PruningRun.run(dense, plan, setting);
        }
    }

    private SortedMap<String, byte[]> weightsAfter(RunPlan plan, MemoryCheckpoints store) {
        SortedMap<String, byte[]> bytes = new TreeMap<>();
        try (RunOutcome outcome = run(plan, store)) {
            outcome.model().weights().asMap().forEach((name, tensor) -> bytes.put(name, tensor.toBytes()));
        }
        return bytes;
    }

    /** Channels go in the middle of the fit, so that the average has to begin again with smaller weights. */
    private static RunPlan plan(boolean keepBest, Map<String, ?> pruning) {
        return new RunPlan(
                Optional.of(TRAINING.with(Map.of("ema", 0.9, "keep-best", keepBest))),
                Optional.of(PruningRecipe.fromMap(pruning, Set.of())),
                Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({"true, channel", "false, channel", "false, element"})
    void resumingFromAnyCheckpointGivesTheBitsOfTheUninterruptedRun(boolean keepBest, String pattern) {
        RunPlan plan = plan(
                keepBest,
                Map.of(
                        "pattern",
                        pattern,
                        "criterion",
                        "l1",
                        "target",
                        0.4,
                        "scope",
                        "local",
                        "prune-schedule",
                        "cubic",
                        "end",
                        0.5,
                        "every",
                        0.25));
        MemoryCheckpoints all = new MemoryCheckpoints();
        SortedMap<String, byte[]> whole = weightsAfter(plan, all);
        assertThat(all.count()).as("one a batch").isEqualTo(8);
        for (int i = 0; i < all.count(); i++) {
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

    @Test
    void theOutcomeIsTheAverageAndIsMaskedAsTheWeightsAre() {
        Map<String, ?> pruning = Map.of("pattern", "element", "criterion", "l1", "target", 0.5);
        SortedMap<String, byte[]> averaged =
                weightsAfter(RunPlan.train(TRAINING.with("ema", 0.9)), new MemoryCheckpoints());
        SortedMap<String, byte[]> raw = weightsAfter(RunPlan.train(TRAINING), new MemoryCheckpoints());
        assertThat(averaged.keySet()).isEqualTo(raw.keySet());
        assertThat(averaged.get(averaged.firstKey())).isNotEqualTo(raw.get(raw.firstKey()));
        try (RunOutcome outcome = run(plan(false, pruning), new MemoryCheckpoints())) {
            assertThat(outcome.after().size().sparsity()).isGreaterThan(0.4);
        }
    }
}
