package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.Table;
import dev.espalier.manifest.table.TableOptions;
import dev.espalier.manifest.table.Tables;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file of rows.
 *
 * @param path where it is
 * @param split of all its rows, if the description gives one
 */
record TableFile(Path path, Optional<Split> split) {
    /** The column that takes the splits of files. */
    static final String SPLIT = "split";

    /** All files as one table, with a column {@value #SPLIT} if files have splits; the columns are in the order of the first. */
    static Table join(List<TableFile> files, TableOptions options) {
        List<String> columns = List.of();
        List<Table.Row> rows = new ArrayList<>();
        for (TableFile file : files) {
            Table table = Tables.read(file.path, options);
            Table whole = file.split.isPresent() ? withSplit(file.path, table, file.split.get()) : table;
            columns = columns.isEmpty() ? whole.columns() : columns;
            rows.addAll(ordered(file.path, whole, columns));
        }
        return new Table(columns, rows);
    }

    private static Table withSplit(Path path, Table table, Split split) {
        if (table.columns().contains(SPLIT)) {
            throw new DataException("table " + path + ": expected no column '" + SPLIT
                    + "' beside the splits given by files, got one; list the files without splits, or rename it");
        }
        List<String> columns = new ArrayList<>(table.columns());
        columns.add(SPLIT);
        List<Table.Row> rows = new ArrayList<>(table.size());
        for (Table.Row row : table.rows()) {
            List<@Nullable String> cells = new ArrayList<>(row.cells());
            cells.add(split.label());
            rows.add(new Table.Row(row.place(), cells));
        }
        return new Table(columns, rows);
    }

    private static List<Table.Row> ordered(Path path, Table table, List<String> columns) {
        if (table.columns().equals(columns)) {
            return table.rows();
        }
        if (!new HashSet<>(table.columns()).equals(new HashSet<>(columns))) {
            throw new DataException("table " + path + ": expected the columns of the first file, "
                    + Table.named(columns) + ", got " + Table.named(table.columns()));
        }
        List<Integer> places = columns.stream().map(table::indexOf).toList();
        List<Table.Row> rows = new ArrayList<>(table.size());
        for (Table.Row row : table.rows()) {
            List<@Nullable String> cells = new ArrayList<>(columns.size());
            places.forEach(place -> cells.add(row.cell(place)));
            rows.add(new Table.Row(row.place(), cells));
        }
        return rows;
    }
}
