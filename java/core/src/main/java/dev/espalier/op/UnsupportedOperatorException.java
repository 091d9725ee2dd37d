package dev.espalier.op;

import dev.espalier.runtime.EspalierException;

/** An operator, or a setting of one, that is not implemented. */
public final class UnsupportedOperatorException extends EspalierException {
    private static final long serialVersionUID = 1L;

    public UnsupportedOperatorException(String message) {
        super(message);
    }

    /** The same refusal with the node that it concerns. */
    public UnsupportedOperatorException at(String node) {
        return new UnsupportedOperatorException("node '" + node + "': " + getMessage());
    }
}
