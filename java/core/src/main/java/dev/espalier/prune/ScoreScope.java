package dev.espalier.prune;

/** Among which scores the smallest are looked for. */
public enum ScoreScope {
    /** Within each parameter or group: all lose the same share. */
    LOCAL,
    /** Across all parameters or groups: some lose more than others. */
    GLOBAL,
    /** Within each parameter, which loses a share that its shape sets: single weights only; see {@link ErdosRenyi}. */
    ERK
}
