package dev.espalier.manifest.fetch;

import dev.espalier.runtime.EspalierException;
import org.jspecify.annotations.Nullable;

/** A data set that could not be got from where it should be; the message is one line that says how to go on. */
public final class FetchException extends EspalierException {
    private static final long serialVersionUID = 1L;

    FetchException(String message) {
        super(message);
    }

    FetchException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
