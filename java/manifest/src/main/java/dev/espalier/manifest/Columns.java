package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.manifest.table.Table;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The meaning of every column of a table.
 *
 * @param list each name once; at most one label, one split, one group and one id
 */
public record Columns(List<Column> list) {
    private static final List<ColumnType> AT_MOST_ONE =
            List.of(ColumnType.LABEL, ColumnType.SPLIT, ColumnType.GROUP, ColumnType.ID);

    public Columns {
        list = List.copyOf(list);
        Set<String> names = new HashSet<>();
        for (Column column : list) {
            if (!names.add(column.name())) {
                throw new DataException("columns: expected every name once, got '" + OneLine.of(column.name())
                        + "' twice; remove one of them");
            }
        }
        for (ColumnType type : AT_MOST_ONE) {
            List<String> typed = names(list, type);
            if (typed.size() > 1) {
                throw new DataException("columns: expected at most one of type " + type.label() + ", got "
                        + Table.named(typed) + "; set the others to ignore");
            }
        }
    }

    /** Finds out what the columns of {@code table} mean; paths in cells are relative to {@code root}. */
    public static Inferred infer(Table table, Path root) {
        return new Inference(table, root).infer();
    }

    /** The columns of one type, in the order of the table. */
    public List<Column> of(ColumnType type) {
        return list.stream().filter(column -> column.type() == type).toList();
    }

    /** The columns that are fed to the model, in the order of the table. */
    public List<Column> inputs() {
        return list.stream().filter(column -> column.type().isInput()).toList();
    }

    public Optional<Column> label() {
        return of(ColumnType.LABEL).stream().findFirst();
    }

    public Optional<Column> split() {
        return of(ColumnType.SPLIT).stream().findFirst();
    }

    public Optional<Column> group() {
        return of(ColumnType.GROUP).stream().findFirst();
    }

    public Optional<Column> id() {
        return of(ColumnType.ID).stream().findFirst();
    }

    private static List<String> names(List<Column> columns, ColumnType type) {
        return columns.stream()
                .filter(column -> column.type() == type)
                .map(Column::name)
                .toList();
    }
}
