package dev.espalier.cli;

import dev.espalier.runtime.EspalierException;

/** Something the user gave that cannot be used; ends the command with exit code 2. */
final class BadInput extends EspalierException {
    private static final long serialVersionUID = 1L;

    BadInput(String message) {
        super(message);
    }

    BadInput(String message, Throwable cause) {
        super(message, cause);
    }
}
