package dev.espalier.pipeline;

import static dev.espalier.pipeline.ToyRuns.TRAINING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.data.DataSets;
import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.CheckpointPolicy;
import dev.espalier.train.MemoryCheckpoints;
import dev.espalier.train.RememberedGraphs;
import dev.espalier.train.ToyImages;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs that blend, blank and mirror images, and visit classes equally often. */
@NoLeaks
class VariedRunTest {
    private static final RunPlan PLAN = RunPlan.train(TRAINING.with(Map.of(
            "sampling",
            "balanced",
            "mixup",
            0.2,
            "cutout",
            0.3,
            "flip-vertical",
            true,
            "crop-padding",
            1,
            "epochs",
            6)));

    private final RememberedGraphs graphs = new RememberedGraphs();

    /** Tensors this small gain nothing from threads that wait for each other. */
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    /** Most images of the training split are rows. */
    private static DataSets uneven() {
        int[] rows = IntStream.range(0, 120).filter(i -> i % 3 == 0 || i < 36).toArray();
        DataSets even = ToyImages.sets(120, 30, 60);
        return new DataSets(even.train().rows(rows), even.validation(), even.test(), even.statistics(), List.of());
    }

    private RunOutcome run(MemoryCheckpoints store) {
        try (Model dense = ToyRuns.model()) {
            Checkpointing saving = new Checkpointing(store, graphs, new CheckpointPolicy(3, 0));
            return PruningRun.run(dense, PLAN, new RunSetting(uneven(), Device.CPU, Optional.of(saving), List.of()));
        }
    }

    private SortedMap<String, byte[]> weightsAfter(MemoryCheckpoints store) {
        SortedMap<String, byte[]> bytes = new TreeMap<>();
        try (RunOutcome outcome = run(store)) {
            assertThat(outcome.after().evaluation().accuracy()).isGreaterThan(0.8);
            outcome.model().weights().asMap().forEach((name, tensor) -> bytes.put(name, tensor.toBytes()));
        }
        return bytes;
    }

    @Test
    void resumingFromAnyCheckpointGivesTheBitsOfTheUninterruptedRun() {
        MemoryCheckpoints all = new MemoryCheckpoints();
        SortedMap<String, byte[]> whole = weightsAfter(all);
        assertThat(all.count()).isGreaterThan(5);
        for (int i = 0; i < all.count(); i++) {
            Rng.seed(77);
            SortedMap<String, byte[]> resumed = weightsAfter(all.upTo(i));
            assertThat(resumed.keySet()).isEqualTo(whole.keySet());
            for (Map.Entry<String, byte[]> entry : whole.entrySet()) {
                assertThat(resumed.get(entry.getKey()))
                        .as("%s after checkpoint %s", entry.getKey(), i)
                        .isEqualTo(entry.getValue());
            }
        }
    }
}
