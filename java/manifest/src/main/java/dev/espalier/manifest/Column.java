package dev.espalier.manifest;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A column of a table with its meaning.
 *
 * @param name as in the table
 * @param type what its cells mean
 * @param settings how its cells are encoded, as written in the description and not yet checked; a path is absolute, or starts from the working folder
 */
public record Column(String name, ColumnType type, Map<String, Object> settings) {
    /** The setting of a text column that names the file of its tokenizer. */
    public static final String TOKENIZER = "tokenizer";

    public Column {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }

    /** A column without settings. */
    public static Column of(String name, ColumnType type) {
        return new Column(name, type, Map.of());
    }
}
