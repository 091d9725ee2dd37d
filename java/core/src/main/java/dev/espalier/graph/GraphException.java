package dev.espalier.graph;

import dev.espalier.runtime.EspalierException;

/** A graph that breaks a law of its structure, or a question about something that it does not hold. */
public final class GraphException extends EspalierException {
    private static final long serialVersionUID = 1L;

    public GraphException(String message) {
        super(message);
    }
}
