package dev.espalier.prune;

import dev.espalier.runtime.EspalierException;

/** A request to prune that cannot be met as it stands. */
public final class PruningException extends EspalierException {
    private static final long serialVersionUID = 1L;

    public PruningException(String message) {
        super(message);
    }
}
