package dev.espalier.manifest.encode;

import dev.espalier.data.Answers;
import dev.espalier.data.DataException;
import dev.espalier.data.Scale;
import dev.espalier.manifest.CellText;
import dev.espalier.manifest.Label;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.manifest.table.Table;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads the label cells of rows as the answers that a model is to give. */
final class LabelReader {
    private final Label label;
    private final int column;
    private final List<String> classes;
    /** By value of a cell. */
    private final Map<String, Integer> indices = new HashMap<>();

    /** @param as the label of the model, whose classes and order count; a class has one name in both, or one value */
    LabelReader(Manifest manifest, Label as) {
        this.label = manifest.label();
        this.column = manifest.table()
                .indexOf(manifest.columns().label().orElseThrow().name());
        this.classes = as.classes();
        if (label.kind() != as.kind()) {
            throw new DataException(
                    "label: expected kind " + as.kind().word() + ", for which the model was trained, got "
                            + label.kind().word() + "; describe the label in YAML with label: {kind: ...}");
        }
        as.names().forEach((value, name) -> indices.put(value, classes.indexOf(name)));
        label.names().forEach((value, name) -> {
            if (classes.contains(name)) {
                indices.put(value, classes.indexOf(name));
            }
        });
    }

    /** The answers of rows; {@code scale} is that of numbers. */
    Answers of(List<Table.Row> rows, Scale scale) {
        return switch (label.kind()) {
            case CLASS -> Answers.ofClasses(rows.stream().mapToInt(this::index).toArray(), classes.size());
            case MULTI -> Answers.ofLabels(rows.stream().map(this::indices).toList(), classes.size());
            case NUMBER -> Answers.ofNumbers(numbers(rows), scale);
        };
    }

    /** The scale on which the numbers of rows are 0..1; that of other labels is {@link Scale#UNIT}. */
    Scale scale(List<Table.Row> rows) {
        if (label.kind() != Label.Kind.NUMBER) {
            return Scale.UNIT;
        }
        double low = Arrays.stream(numbers(rows)).min().orElse(0);
        double high = Arrays.stream(numbers(rows)).max().orElse(0);
        if (low == high) {
            throw new DataException("label: expected numbers that differ in the training rows, got only " + low
                    + "; check which column is the label");
        }
        return new Scale(low, high);
    }

    private int index(Table.Row row) {
        return index(row, Objects.requireNonNull(row.cell(column), "rows without a label were left out"));
    }

    private int[] indices(Table.Row row) {
        String cell = row.cell(column);
        return cell == null
                ? new int[0]
                : label.values(cell).stream()
                        .mapToInt(value -> index(row, value))
                        .toArray();
    }

    private int index(Table.Row row, String value) {
        Integer index = indices.get(value.strip());
        if (index == null) {
            throw new DataException(row.place() + ": label: expected one of " + OneLine.of(String.join(", ", classes))
                    + ", got '" + OneLine.of(value) + "'; leave the row out, or train with it");
        }
        return index;
    }

    private double[] numbers(List<Table.Row> rows) {
        return rows.stream().mapToDouble(row -> number(row.cell(column))).toArray();
    }

    private static double number(@Nullable String cell) {
        String text = Objects.requireNonNull(cell, "rows without a label were left out");
        return CellText.number(text).orElseThrow();
    }
}
