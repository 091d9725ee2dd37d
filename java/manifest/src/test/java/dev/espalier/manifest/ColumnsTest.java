package dev.espalier.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ColumnsTest {
    private static final int ROWS = 100;

    /** A column and the cell of each of its rows. */
    private record Cells(String name, IntFunction<@Nullable String> cells) {}

    @TempDir
    Path root;

    @Test
    void byName() {
        assertThat(type("Label", i -> "c" + i % 2)).isEqualTo(ColumnType.LABEL);
        assertThat(type("GROUP", i -> "" + i % 7)).isEqualTo(ColumnType.GROUP);
        assertThat(type("id", i -> "" + i % 50)).isEqualTo(ColumnType.ID);
        assertThat(type("split", i -> "other")).isEqualTo(ColumnType.SPLIT);
    }

    @Test
    void byContent() throws IOException {
        Files.createDirectories(root.resolve("in"));
        Files.createFile(root.resolve("in/0.PNG"));
        Files.createFile(root.resolve("in/0.wav"));
        assertThat(type("part", i -> i % 5 == 0 ? "Test" : i % 5 == 1 ? null : "train"))
                .isEqualTo(ColumnType.SPLIT);
        assertThat(type("a", i -> "in/0.PNG")).isEqualTo(ColumnType.IMAGE);
        assertThat(type("a", i -> root.resolve("in/0.wav").toString())).isEqualTo(ColumnType.AUDIO);
        assertThat(type("a", i -> i == 0 ? "unknown" : "" + i * 0.5)).isEqualTo(ColumnType.NUMERIC);
        assertThat(type("a", i -> i % 2 == 0 ? "NA" : "-1.5e" + i % 3)).isEqualTo(ColumnType.NUMERIC);
        assertThat(type("a", i -> "" + i * i)).isEqualTo(ColumnType.NUMERIC);
        assertThat(type("a", i -> "" + i % 2)).isEqualTo(ColumnType.CATEGORICAL);
        assertThat(type("room_count", i -> "" + i % 2)).isEqualTo(ColumnType.NUMERIC);
        assertThat(type("a", i -> "" + (i + 7))).isEqualTo(ColumnType.ID);
        assertThat(type("a", i -> "u" + i)).isEqualTo(ColumnType.ID);
        assertThat(type("a", i -> "New York " + i % 4)).isEqualTo(ColumnType.CATEGORICAL);
        assertThat(type("a", i -> "town" + i % 40)).isEqualTo(ColumnType.CATEGORICAL);
        assertThat(type("a", i -> "a text of row " + i)).isEqualTo(ColumnType.TEXT);
        assertThat(type("a", i -> "word" + i % 90)).isEqualTo(ColumnType.IGNORE);
        assertThat(type("a", i -> i == 0 ? "NaN" : null)).isEqualTo(ColumnType.IGNORE);
    }

    @Test
    void oneOfAKind() {
        Table table = table(
                new Cells("target", i -> "" + i % 2),
                new Cells("code", i -> "u" + i),
                new Cells("id", i -> "v" + i),
                new Cells("class", i -> "c" + i % 2),
                new Cells("fold", i -> "dev"),
                new Cells("split", i -> "train"));
        Inferred inferred = Columns.infer(table, root);
        assertThat(inferred.columns().list())
                .extracting(Column::type)
                .containsExactly(
                        ColumnType.IGNORE,
                        ColumnType.IGNORE,
                        ColumnType.ID,
                        ColumnType.LABEL,
                        ColumnType.IGNORE,
                        ColumnType.SPLIT);
        assertThat(inferred.lines())
                .startsWith(
                        "target: ignore (named like a label, which is class)",
                        "code: ignore (different in every row, but the id is id)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"label", "CLASS", "Target", "y"})
    void namesOfTheLabel(String name) {
        assertThat(Columns.infer(table(new Cells(name, i -> "1")), root)
                        .columns()
                        .label())
                .hasValue(Column.of(name, ColumnType.LABEL));
    }

    @Test
    void noLabelIsRefused() {
        assertThatThrownBy(() -> Columns.infer(table(new Cells("digit", i -> "1"), new Cells("a", i -> "2")), root))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("expected one named label, class, target, y for what is learnt, got digit, a");
    }

    @Test
    void picturesThatAreNotThereAreRefused() {
        assertThatThrownBy(() -> type("a", i -> "no/" + i + ".jpg"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("column 'a': expected files below " + root)
                .hasMessageContaining("such as 'no/0.jpg'; set root");
    }

    @Test
    void typesThatStandOnce() {
        assertThatThrownBy(
                        () -> new Columns(List.of(Column.of("a", ColumnType.LABEL), Column.of("b", ColumnType.LABEL))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("at most one of type label, got a, b");
        assertThatThrownBy(() -> new Columns(List.of(Column.of("a", ColumnType.TEXT), Column.of("a", ColumnType.TEXT))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("got 'a' twice");
    }

    private ColumnType type(String name, IntFunction<@Nullable String> cells) {
        Table table = name.equalsIgnoreCase("label")
                ? table(new Cells(name, cells))
                : table(new Cells(name, cells), new Cells("label", i -> "x"));
        return Columns.infer(table, root).columns().list().get(0).type();
    }

    private static Table table(Cells... columns) {
        List<Table.Row> rows = new ArrayList<>();
        for (int row = 0; row < ROWS; row++) {
            List<@Nullable String> cells = new ArrayList<>();
            for (Cells column : columns) {
                cells.add(column.cells.apply(row));
            }
            rows.add(new Table.Row("row " + row, cells));
        }
        return new Table(List.of(columns).stream().map(Cells::name).toList(), rows);
    }
}
