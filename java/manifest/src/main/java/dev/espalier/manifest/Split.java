package dev.espalier.manifest;

import java.util.Locale;
import java.util.Optional;

/** What rows are used for. */
public enum Split {
    /** Learnt from. */
    TRAIN,
    /** Choices are made on. */
    VALIDATION,
    /** Looked at once, at the end. */
    TEST;

    /** The values that {@link #of} knows, for messages. */
    static final String KNOWN = "train, validation (val, valid, dev) or test";

    /** Its spelling in tables: lower case. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The split that a cell or a folder names, in any case; empty for other words. */
    public static Optional<Split> of(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "train" -> Optional.of(TRAIN);
            case "validation", "val", "valid", "dev" -> Optional.of(VALIDATION);
            case "test" -> Optional.of(TEST);
            default -> Optional.empty();
        };
    }
}
