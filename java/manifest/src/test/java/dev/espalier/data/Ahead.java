package dev.espalier.data;

/** Reads batches ahead on any device, as is done for GPUs alone otherwise. */
public final class Ahead {
    private Ahead() {}

    /** A walk through an epoch whose batches are made on a thread of their own. */
    public static Cursor of(Batches batches, int epoch) {
        return batches.cursor(epoch, 0, true);
    }
}
