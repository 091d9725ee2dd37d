package dev.espalier.manifest.fetch;

/**
 * How much an archive may unpack to; more is taken for an attack.
 *
 * @param entries files and folders
 * @param bytes of all files together
 */
public record Limits(int entries, long bytes) {
    public Limits {
        if (entries < 1 || bytes < 1) {
            throw new IllegalArgumentException("limits: expected at least 1, got " + entries + " and " + bytes);
        }
    }
}
