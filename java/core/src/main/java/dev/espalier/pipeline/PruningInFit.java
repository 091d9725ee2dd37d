package dev.espalier.pipeline;

import dev.espalier.train.Listener;

/** Pruning that goes on while a fit trains, and stops the fit when it is done, for compaction. */
interface PruningInFit extends Listener {
    /** Before the first batch of a fit that begins anew. */
    default void begin() {}

    /** Brings to its end what a fit that stopped early has left. */
    void finish();
}
