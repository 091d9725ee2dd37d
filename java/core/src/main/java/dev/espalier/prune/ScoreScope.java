package dev.espalier.prune;

/** Among which scores the smallest are looked for. */
public enum ScoreScope {
    /** Within each parameter or group: all lose the same share. */
    LOCAL,
    /** Across all parameters or groups: some lose more than others. */
    GLOBAL,
    /** Within each parameter, which loses a share that its shape sets: single weights only; see {@link ErdosRenyi}. */
    ERK,
    /** Across those of the same structure: all structures lose the same share (isomorphic pruning: Fang et al., arXiv 2407.04616). */
    ISOMORPHIC,
    /** Within each parameter or group, each of which loses the share that the budget's table names. */
    TABLE,
    /** Within each parameter or group, each of which loses as much as does all of them the same damage; see {@link Sensitivity}. */
    SENSITIVITY
}
