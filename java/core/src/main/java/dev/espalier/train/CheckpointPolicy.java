package dev.espalier.train;

/** When to save within an epoch: every so many batches or seconds, 0 for never; the end of an epoch is always saved. */
public record CheckpointPolicy(long everyBatches, double everySeconds) {
    /** Saves at the ends of epochs only. */
    public static final CheckpointPolicy EPOCHS = new CheckpointPolicy(0, 0);

    public CheckpointPolicy {
        Bounds.atLeast("checkpoint-batches", (double) everyBatches, 0);
        Bounds.atLeast("checkpoint-seconds", everySeconds, 0);
    }

    boolean due(long batchesSince, double secondsSince) {
        return (everyBatches > 0 && batchesSince >= everyBatches) || (everySeconds > 0 && secondsSince >= everySeconds);
    }
}
