package dev.espalier.data;

import dev.espalier.runtime.EspalierException;
import org.jspecify.annotations.Nullable;

/** Data that cannot be used as it lies; the message is one line that names the file or folder and how to mend it. */
public final class DataException extends EspalierException {
    private static final long serialVersionUID = 1L;

    /**
     * A failure found in the data itself.
     *
     * @param message one line: the thing, what was expected, what was got, how to mend it
     */
    public DataException(String message) {
        super(message);
    }

    /**
     * A failure that something else led to.
     *
     * @param message one line: the thing, what was expected, what was got, how to mend it
     * @param cause what led to it
     */
    public DataException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
