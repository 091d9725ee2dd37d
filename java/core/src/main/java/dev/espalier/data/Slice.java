package dev.espalier.data;

import java.util.Objects;

/**
 * Some samples of a source under a name.
 *
 * @param name such as {@code missing text} or {@code speaker theo}
 * @param rows their indices, ascending
 */
@SuppressWarnings("ArrayRecordComponent")
public record Slice(String name, int[] rows) {
    public Slice {
        Objects.requireNonNull(name, "name");
        rows = rows.clone();
    }

    /** Their indices, in a new array. */
    @Override
    public int[] rows() {
        return rows.clone();
    }

    /** The number of samples. */
    public int size() {
        return rows.length;
    }
}
