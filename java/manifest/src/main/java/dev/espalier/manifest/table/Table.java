package dev.espalier.manifest.table;

import dev.espalier.data.DataException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rows of text cells under named columns.
 *
 * @param columns their names, each once, none empty
 * @param rows each with one cell for every column
 */
public record Table(List<String> columns, List<Row> rows) {
    public Table {
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
        requireNames("table", columns);
        for (Row row : rows) {
            if (row.cells().size() != columns.size()) {
                throw new IllegalArgumentException(row.place() + ": expected " + columns.size() + " cells, got "
                        + row.cells().size());
            }
        }
    }

    /**
     * One row.
     *
     * @param place where it was read: {@code manifest.csv, line 17}
     * @param cells one for every column; null where the value is missing, never empty
     */
    public record Row(String place, List<@Nullable String> cells) {
        public Row {
            Objects.requireNonNull(place, "place");
            cells = Collections.unmodifiableList(new ArrayList<>(cells));
        }

        /** The cell of the column at {@code column}. */
        public @Nullable String cell(int column) {
            return cells.get(column);
        }
    }

    /** The number of rows. */
    public int size() {
        return rows.size();
    }

    /** The position of the column named {@code name}. */
    public int indexOf(String name) {
        int index = columns.indexOf(name);
        if (index < 0) {
            throw new DataException("column '" + OneLine.of(name) + "': expected one of " + named(columns)
                    + "; write its name as in the file");
        }
        return index;
    }

    /** The cells of the column named {@code name}, in the order of the rows. */
    public List<@Nullable String> values(String name) {
        int index = indexOf(name);
        List<@Nullable String> values = new ArrayList<>(rows.size());
        rows.forEach(row -> values.add(row.cell(index)));
        return Collections.unmodifiableList(values);
    }

    /** The names as one bounded line: {@code id, split, label}. */
    public static String named(List<String> columns) {
        return OneLine.of(String.join(", ", columns));
    }

    /** Refuses names that are empty, stand twice, or are none at all; {@code what} has them. */
    static void requireNames(String what, List<String> names) {
        if (names.isEmpty()) {
            throw new DataException(what + ": expected named columns, got none");
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (name.isBlank()) {
                throw new DataException(
                        what + ": expected a name for every column, got none for column " + (i + 1) + "; name it");
            }
            if (!seen.add(name)) {
                throw new DataException(what + ": expected every column name once, got '" + OneLine.of(name)
                        + "' twice; rename one of them");
            }
        }
    }
}
