package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NoLeaks
class ResumeTest {
    private static final Recipe RECIPE = Recipe.defaults()
            .with(Map.of("epochs", 3, "batch-size", 16, "optimizer", "adamw", "lr", 0.01, "schedule", "onecycle"));
    private static final Map<String, String> IDENTITY = Map.of("recipe", RECIPE.hash(), "data", "toy");

    private final RememberedGraphs graphs = new RememberedGraphs();

    /** Trains to the end from the store's latest checkpoint, saving every second batch; gives all weights and the history. */
    private Map.Entry<SortedMap<String, byte[]>, List<History.Entry>> train(MemoryCheckpoints store) {
        return train(store, RECIPE);
    }

    private Map.Entry<SortedMap<String, byte[]>, List<History.Entry>> train(MemoryCheckpoints store, Recipe recipe) {
        RunCheckpoint checkpoint = new RunCheckpoint(graphs, IDENTITY);
        TrainingState state;
        try (Scope scope = Scope.open();
                Model model = TrainerTest.cnn()) {
            state = store.latest()
                    .map(snapshot -> checkpoint.restore(snapshot, recipe.optimizer(), Device.CPU))
                    .orElseGet(() -> TrainingState.of(model, recipe.optimizer(), Device.CPU));
        }
        try (state;
                BestWeights best = new BestWeights(state)) {
            History history = new History();
            List<Listener> remembering = List.of(history, best, new EarlyStop(9));
            try (Scope scope = Scope.open()) {
                store.latest().ifPresent(snapshot -> remembering.forEach(listener -> listener.restore(snapshot)));
            }
            Checkpointer saving = new Checkpointer(
                    store,
                    new CheckpointPolicy(2, 0),
                    () -> checkpoint.capture(state, remembering, Map.of("stage", "train")));
            Trainer.fit(
                    state,
                    ToyImages.training(100, 16),
                    ToyImages.held(30),
                    recipe,
                    List.of(history, best, remembering.get(2), saving));
            state.settle();
            if (recipe.length().keepBest()) {
                best.apply();
            }
            return Map.entry(TrainerTest.bytes(state.tensors()), history.entries());
        }
    }

    /** Tensors this small gain nothing from threads that wait for each other. */
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    @ParameterizedTest
    @CsvSource({"0, true", "0.9, true", "0.9, false"})
    void resumingFromAnyCheckpointGivesTheBitsOfTheUninterruptedRun(double ema, boolean keepBest) {
        Recipe recipe = RECIPE.with(Map.of("ema", ema, "keep-best", keepBest));
        MemoryCheckpoints all = new MemoryCheckpoints();
        Map.Entry<SortedMap<String, byte[]>, List<History.Entry>> whole = train(all, recipe);
        // 7 batches an epoch: after batches 2, 4, 6 and at the end of each epoch.
        assertThat(all.count()).isEqualTo(12);
        for (int i = 0; i < all.count(); i++) {
            Rng.seed(99);
            Map.Entry<SortedMap<String, byte[]>, List<History.Entry>> resumed = train(all.upTo(i), recipe);
            TrainerTest.assertSame(resumed.getKey(), whole.getKey());
            assertThat(resumed.getValue()).hasSameSizeAs(whole.getValue());
            for (int epoch = 0; epoch < whole.getValue().size(); epoch++) {
                EpochReport got = resumed.getValue().get(epoch).report();
                EpochReport expected = whole.getValue().get(epoch).report();
                assertThat(got.training()).isEqualTo(expected.training());
                assertThat(got.validation()).isEqualTo(expected.validation());
                assertThat(got.batches()).isEqualTo(expected.batches());
            }
        }
    }

    @Test
    void refusesACheckpointOfAnotherRunByNamingWhatDiffers() {
        MemoryCheckpoints store = new MemoryCheckpoints();
        train(store);
        RunCheckpoint other = new RunCheckpoint(graphs, Map.of("recipe", RECIPE.hash(), "data", "other images"));
        try (Scope scope = Scope.open()) {
            Snapshot snapshot = store.latest().orElseThrow();
            assertThatThrownBy(() -> other.restore(snapshot, RECIPE.optimizer(), Device.CPU))
                    .isInstanceOf(EspalierException.class)
                    .hasMessage("the checkpoint was made with another data (it has toy, this run has other images);"
                            + " resume with the same data or start the run anew");
        }
    }
}
