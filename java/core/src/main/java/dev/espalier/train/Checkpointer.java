package dev.espalier.train;

import dev.espalier.runtime.Scope;
import java.util.function.Supplier;

/** Saves a snapshot at the ends of epochs and, as its policy asks, between them; it belongs last in the list of listeners. */
public final class Checkpointer implements Listener {
    private final CheckpointStore store;
    private final CheckpointPolicy policy;
    private final Supplier<Snapshot> capture;
    private long batches;
    private long savedAt = System.nanoTime();

    /** {@code capture} collects the state of the whole run. */
    public Checkpointer(CheckpointStore store, CheckpointPolicy policy, Supplier<Snapshot> capture) {
        this.store = store;
        this.policy = policy;
        this.capture = capture;
    }

    @Override
    public void stepEnd(StepReport report) {
        batches++;
    }

    @Override
    public void safePoint(Step position) {
        if (position.iteration() == 0 || policy.due(batches, (System.nanoTime() - savedAt) / 1e9)) {
            try (Scope scope = Scope.open()) {
                store.save(capture.get());
            }
            batches = 0;
            savedAt = System.nanoTime();
        }
    }
}
