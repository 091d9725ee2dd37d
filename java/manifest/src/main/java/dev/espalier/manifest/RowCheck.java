package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.Label.Kind;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.manifest.table.Table;
import dev.espalier.manifest.table.TableOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Leaves out rows that cannot be used although they are rows: no split, no label, files that are not there. */
final class RowCheck {
    private final Path root;
    private final Kind kind;
    private final int label;
    private final int split;
    private final List<Integer> files;

    private RowCheck(Table table, Columns columns, Path root, Kind kind) {
        this.root = root;
        this.kind = kind;
        this.label = columns.label().map(column -> table.indexOf(column.name())).orElse(-1);
        this.split = columns.split().map(column -> table.indexOf(column.name())).orElse(-1);
        this.files = columns.list().stream()
                .filter(column -> column.type().isFile())
                .map(column -> table.indexOf(column.name()))
                .toList();
    }

    /** The rows that can be used, with splits spelt as {@link Split#label()}. */
    static Table usable(Table table, Columns columns, Path root, Kind kind, TableOptions options) {
        RowCheck check = new RowCheck(table, columns, root, kind);
        List<Table.Row> rows = new ArrayList<>(table.size());
        for (Table.Row row : table.rows()) {
            Optional<String> fault = check.fault(row);
            if (fault.isPresent()) {
                options.reject(row.place(), fault.get());
            } else {
                rows.add(check.spelt(row));
            }
        }
        if (rows.isEmpty()) {
            throw new DataException("manifest: expected rows, got none that can be used and " + table.size()
                    + " that cannot, the first at " + table.rows().get(0).place());
        }
        return new Table(table.columns(), rows);
    }

    private Optional<String> fault(Table.Row row) {
        if (split >= 0 && isBlank(row.cell(split))) {
            return Optional.of("expected a split, " + Split.KNOWN + ", got none");
        }
        Optional<String> labelFault = label < 0 ? Optional.empty() : labelFault(row.cell(label));
        if (labelFault.isPresent()) {
            return labelFault;
        }
        for (int file : files) {
            String cell = row.cell(file);
            Optional<String> fault = cell == null ? Optional.empty() : FilePaths.fault(root, cell);
            if (fault.isPresent()) {
                return fault;
            }
        }
        return Optional.empty();
    }

    private Optional<String> labelFault(@Nullable String cell) {
        if (kind == Kind.MULTI) {
            return Optional.empty();
        }
        if (cell == null || cell.isBlank()) {
            return Optional.of("expected a label, got none");
        }
        if (kind == Kind.NUMBER && CellText.number(cell).isEmpty()) {
            return Optional.of("expected a label that is a finite number, got '" + cell + "'");
        }
        return Optional.empty();
    }

    private static boolean isBlank(@Nullable String cell) {
        return cell == null || cell.isBlank();
    }

    private Table.Row spelt(Table.Row row) {
        String given = split < 0 ? null : row.cell(split);
        if (given == null) {
            return row;
        }
        String spelt = Split.of(given)
                .orElseThrow(() -> new DataException(row.place() + ": expected the split " + Split.KNOWN + ", got '"
                        + OneLine.of(given) + "'; mend the cell, or set the column to another type"))
                .label();
        if (spelt.equals(given)) {
            return row;
        }
        List<@Nullable String> cells = new ArrayList<>(row.cells());
        cells.set(split, spelt);
        return new Table.Row(row.place(), cells);
    }
}
