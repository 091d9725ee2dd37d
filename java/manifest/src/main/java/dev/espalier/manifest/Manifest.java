package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.Table;
import dev.espalier.manifest.table.TableOptions;
import dev.espalier.manifest.table.Tables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * A data set whose samples mix modalities, listed row by row.
 *
 * @param root folder that relative paths in cells start from
 * @param columns what the columns mean; one is the label
 * @param table the rows, at least one; splits are spelt as {@link Split#label()}, files of cells were there when it was read
 * @param label what the cells of the label column say
 */
public record Manifest(Path root, Columns columns, Table table, Label label) {
    public Manifest {
        Objects.requireNonNull(root, "root");
        Objects.requireNonNull(label, "label");
        if (columns.label().isEmpty()) {
            throw new DataException("manifest: expected a column of type label, got " + Table.named(table.columns())
                    + "; give one the type");
        }
        columns.list().forEach(column -> table.indexOf(column.name()));
    }

    /**
     * Reads a table file, whose description is found out from its names and cells and told to the listener, or a folder of sounds
     * that has one folder per class: {@code train/CLASS/*.wav} with optional validation and test folders, or {@code CLASS/*.wav}.
     *
     * @throws DataException if it cannot be read or understood
     */
    public static Manifest open(Path path, TableOptions options) {
        if (Files.isDirectory(path)) {
            return SoundFolder.read(path);
        }
        Table table = Tables.read(path, options);
        Path root = path.resolveSibling("").toAbsolutePath().normalize();
        Inferred inferred = Columns.infer(table, root);
        inferred.lines().forEach(line -> options.listener().note("column " + line));
        return of(root, inferred.columns(), table, LabelPlan.inferred(), options);
    }

    static Manifest of(Path root, Columns columns, Table read, LabelPlan plan, TableOptions options) {
        Table table = RowCheck.usable(read, columns, root, plan.kind(), options);
        String label = columns.label()
                .orElseThrow(() -> new DataException("columns: expected one of type label, got none among "
                        + Table.named(read.columns()) + "; give it the type"))
                .name();
        return new Manifest(root, columns, table, plan.label(table.values(label)));
    }

    /** Whether {@link #open} takes what lies at a path: a file, or folders of sounds; folders of pictures are read as images. */
    public static boolean isAt(Path path) {
        return Files.isRegularFile(path) || SoundFolder.holdsSounds(path);
    }

    /**
     * The same with some inputs only.
     *
     * @param inputs names of columns; the other inputs are not used
     */
    public Manifest withInputs(Set<String> inputs) {
        inputs.forEach(table::indexOf);
        List<Column> kept = columns.list().stream()
                .map(column -> column.type().isInput() && !inputs.contains(column.name())
                        ? Column.of(column.name(), ColumnType.IGNORE)
                        : column)
                .toList();
        return new Manifest(root, new Columns(kept), table, label);
    }

    /** The rows of one split; without a split column all rows are for training. */
    public List<Table.Row> rows(Split split) {
        if (columns.split().isEmpty()) {
            return split == Split.TRAIN ? table.rows() : List.of();
        }
        int column = table.indexOf(columns.split().get().name());
        return table.rows().stream()
                .filter(row -> split.label().equals(row.cell(column)))
                .toList();
    }

    /** The file that a cell of an image or audio column means; the cell is one of the table. */
    public Path file(String cell) {
        return FilePaths.resolve(root, cell);
    }
}
