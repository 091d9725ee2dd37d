package dev.espalier.runtime;

import org.jspecify.annotations.Nullable;

/** The root of all failures that Espalier reports; its message is one line that says what was expected and what was got. */
public class EspalierException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes a failure.
     *
     * @param message one line
     */
    public EspalierException(String message) {
        super(message);
    }

    /**
     * Makes a failure.
     *
     * @param message one line
     * @param cause what led to this failure, or null
     */
    public EspalierException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
