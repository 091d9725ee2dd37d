package dev.espalier.data;

import java.util.Objects;

/**
 * An image that was left out because it could not be decoded.
 *
 * @param name path relative to the data folder
 * @param reason what the decoder found
 */
public record Skipped(String name, String reason) {
    public Skipped {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(reason, "reason");
    }
}
