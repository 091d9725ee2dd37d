package dev.espalier.manifest.table;

import dev.espalier.data.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A table while its file is read: columns may be added, equal short cells are kept once. */
public final class TableDraft {
    private static final int MOST_COLUMNS = 1 << 14;
    private static final int SHORT = 32;
    private static final int MOST_SHARED = 1 << 16;

    private final Path file;
    private final TableOptions options;
    private final String unit;
    private final Map<String, Integer> columns = new LinkedHashMap<>();
    private final List<Draft> rows = new ArrayList<>();
    private final Map<String, String> shared = new HashMap<>();
    private int rejected;
    private String firstFault = "";

    private record Draft(String place, List<@Nullable String> cells) {}

    TableDraft(Path file, TableOptions options) {
        this(file, options, "line");
    }

    /** An empty table; {@code unit} is what numbers in its file's places count: lines or rows. */
    public TableDraft(Path file, TableOptions options, String unit) {
        this.file = file;
        this.options = options;
        this.unit = unit;
    }

    /** Names the columns of a file that names them once. */
    public void declare(List<String> names) {
        Table.requireNames("table " + file, names);
        names.forEach(this::column);
    }

    /** The position of a column, which is added if it is new. */
    int column(String name) {
        Integer known = columns.get(name);
        if (known != null) {
            return known;
        }
        if (columns.size() == MOST_COLUMNS) {
            throw new DataException("table " + file + ": expected at most " + MOST_COLUMNS + " columns, got more");
        }
        columns.put(name, columns.size());
        return columns.size() - 1;
    }

    int width() {
        return columns.size();
    }

    /** Adds a row; columns beyond its cells are missing in it, and so are empty cells. Rejects it if a cell is too long. */
    public void add(long line, Collection<? extends @Nullable String> cells) {
        List<@Nullable String> kept = new ArrayList<>(cells.size());
        for (String cell : cells) {
            if (cell != null && cell.length() > options.cellLimit()) {
                reject(
                        line,
                        "expected cells of at most " + options.cellLimit() + " characters, got one of "
                                + cell.length());
                return;
            }
            kept.add(cell == null || cell.isEmpty() ? null : share(cell));
        }
        rows.add(new Draft(place(line), kept));
    }

    void reject(long line, String reason) {
        if (rejected++ == 0) {
            firstFault = OneLine.of(place(line) + ": " + reason);
        }
        options.reject(place(line), reason);
    }

    /**
     * The rows that were added.
     *
     * @throws DataException if there are none
     */
    public Table table() {
        if (rows.isEmpty()) {
            throw new DataException("table " + file + ": expected rows, got none"
                    + (rejected == 0
                            ? ""
                            : " that can be used; the first of " + rejected + " that cannot: " + firstFault));
        }
        Table.requireNames("table " + file, List.copyOf(columns.keySet()));
        List<Table.Row> padded = new ArrayList<>(rows.size());
        rows.forEach(row -> padded.add(new Table.Row(row.place, padded(row.cells))));
        return new Table(List.copyOf(columns.keySet()), padded);
    }

    private List<@Nullable String> padded(List<@Nullable String> cells) {
        return cells.size() == width() ? cells : Arrays.asList(cells.toArray(new @Nullable String[width()]));
    }

    private String place(long line) {
        return OneLine.of(file.getFileName().toString()) + ", " + unit + " " + line;
    }

    private String share(String cell) {
        if (cell.length() > SHORT) {
            return cell;
        }
        String known = shared.get(cell);
        if (known != null) {
            return known;
        }
        if (shared.size() < MOST_SHARED) {
            shared.put(cell, cell);
        }
        return cell;
    }
}
