package dev.espalier.prune;

import dev.espalier.runtime.EspalierException;

/** A compacted model that could not be proved equal to the masked one; nothing may be made of it. */
public final class CompactionException extends EspalierException {
    private static final long serialVersionUID = 1L;

    public CompactionException(String message) {
        super(message);
    }
}
