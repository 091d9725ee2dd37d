package dev.espalier.data;

import java.io.IOException;

/** An image file whose bytes do not decode; the message says what is wrong with them, without the file's name. */
public final class CorruptImageException extends IOException {
    private static final long serialVersionUID = 1L;

    CorruptImageException(String reason) {
        super(reason);
    }

    CorruptImageException(String reason, Throwable cause) {
        super(reason, cause);
    }

    /** This failure for one who asked that corrupt images be refused. */
    DataException refusal(String name) {
        return new DataException(
                "image " + name + ": expected a whole JPEG or PNG file, got: " + getMessage()
                        + "; replace or remove it, or skip corrupt images",
                this);
    }
}
