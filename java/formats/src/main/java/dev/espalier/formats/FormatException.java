package dev.espalier.formats;

import dev.espalier.runtime.EspalierException;
import java.nio.file.Path;

/** A file whose content is not what its format demands; the message names the file and the thing. */
public final class FormatException extends EspalierException {
    private static final long serialVersionUID = 1L;

    public FormatException(String message) {
        super(message);
    }

    public FormatException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The one-line message {@code file: problem}. */
    public static FormatException of(Path file, String problem) {
        return new FormatException(file + ": " + problem);
    }
}
