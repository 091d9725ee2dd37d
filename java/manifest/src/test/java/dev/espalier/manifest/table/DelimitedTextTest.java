package dev.espalier.manifest.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Skipped;
import dev.espalier.manifest.Heard;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DelimitedTextTest {
    @TempDir
    Path folder;

    private final Heard heard = new Heard();
    private final TableOptions options = TableOptions.defaults().withListener(heard);

    @Test
    void cellsAndPlaces() throws IOException {
        Table table = read("a,b\r\n1,\"x, \"\"y\"\"\r\nz\"\r\n\r\n   \r\n,3\r\n");
        assertThat(table.columns()).containsExactly("a", "b");
        assertThat(table.rows())
                .containsExactly(
                        new Table.Row("t.csv, line 2", List.of("1", "x, \"y\"\r\nz")),
                        new Table.Row("t.csv, line 6", Arrays.asList(null, "3")));
        assertThat(table.values("b")).containsExactly("x, \"y\"\r\nz", "3");
        assertThat(heard.skipped).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r", "\r\n"})
    void lineEndsOfAllMachines(String end) throws IOException {
        Table table = read(String.join(end, "a,b", "1,2", "", "3,4"));
        assertThat(table.rows())
                .containsExactly(
                        new Table.Row("t.csv, line 2", List.of("1", "2")),
                        new Table.Row("t.csv, line 4", List.of("3", "4")));
    }

    @Test
    void byteOrderMarkBeforeAQuotedName() throws IOException {
        assertThat(read("\uFEFF\"a,b\",c\n1,2\n").columns()).containsExactly("a,b", "c");
    }

    @Test
    void tabs() throws IOException {
        Path file = Files.writeString(folder.resolve("t.TSV"), "a\tb\nx,y\t\"1\t2\"\n\t\n");
        assertThat(Tables.read(file, options).rows())
                .containsExactly(
                        new Table.Row("t.TSV, line 2", List.of("x,y", "1\t2")),
                        new Table.Row("t.TSV, line 3", Arrays.asList(null, null)));
    }

    @Test
    void namesFromTheOptions() throws IOException {
        Path file = Files.writeString(folder.resolve("t.csv"), "1,2\n");
        Table table = Tables.read(file, options.withHeader(List.of("a", "b")));
        assertThat(table)
                .isEqualTo(new Table(List.of("a", "b"), List.of(new Table.Row("t.csv, line 1", List.of("1", "2")))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1             | expected 2 cells, got 1",
                "1,2,3         | expected 2 cells, got 3",
                "1,'x'y        | expected cells as in RFC 4180, got: ",
                "1,12345678901 | expected cells of at most 10 characters, got one of 11"
            })
    void badRowIsLeftOutAlone(String bad, String reason) throws IOException {
        String text = "a,b\n1,2\n" + bad.replace('\'', '"') + "\n5,6\n";
        Path file = Files.writeString(folder.resolve("t.csv"), text);
        Table table = Tables.read(file, options.withCellLimit(10));
        assertThat(table.values("a")).containsExactly("1", "5");
        assertThat(heard.skipped).singleElement().satisfies(skipped -> {
            assertThat(skipped.name()).isEqualTo("t.csv, line 3");
            assertThat(skipped.reason()).startsWith(reason);
        });
        assertThatThrownBy(() -> Tables.read(file, options.withCellLimit(10).withOnCorrupt(OnCorrupt.FAIL)))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("t.csv, line 3: " + reason);
    }

    @Test
    void badBytesCostTheirRowOnly() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write("a,b\n1,é\n2,".getBytes(StandardCharsets.UTF_8));
        bytes.write(0xC3);
        bytes.write("\n3,ü\n".getBytes(StandardCharsets.UTF_8));
        Path file = Files.write(folder.resolve("t.csv"), bytes.toByteArray());
        assertThat(Tables.read(file, options).values("b")).containsExactly("é", "ü");
        assertThat(heard.skipped).containsExactly(new Skipped("t.csv, line 3", "expected UTF-8 text, got other bytes"));
    }

    @Test
    void hugeCellCostsItsRowOnly() throws IOException {
        String huge = "x".repeat(10_000_000);
        Table table = read("a,b\n1,2\n3,\"" + huge + "\n" + huge + "\"\n5,6\n");
        assertThat(table.rows())
                .containsExactly(
                        new Table.Row("t.csv, line 2", List.of("1", "2")),
                        new Table.Row("t.csv, line 5", List.of("5", "6")));
        assertThat(heard.skipped)
                .containsExactly(
                        new Skipped("t.csv, line 3", "expected a row of at most 4194304 bytes, got a longer one"));
    }

    @Test
    void quoteThatIsNotClosedIsNamed() throws IOException {
        Table table = read("a,b\n1,2\n3,\"4\n5,6\n");
        assertThat(table.values("a")).containsExactly("1");
        assertThat(heard.skipped).singleElement().satisfies(skipped -> {
            assertThat(skipped.name()).isEqualTo("t.csv, line 3");
            assertThat(skipped.reason()).startsWith("a quote opens that is not closed");
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''          | expected a line of column names, got an empty file",
                "'\n\n'      | expected a line of column names, got an empty file",
                "'a,,c\n1,2,3' | got none for column 2; name it",
                "'a,b,a\n1,2,3' | got 'a' twice; rename one of them",
                "'a,b\n'     | expected rows, got none",
                "'a,b\n1\n2' | got none that can be used; the first of 2 that cannot: t.csv, line 2: expected 2 cells, got 1",
                "'a,\"b\n1'  | expected a line of column names, got: a quote opens"
            })
    void noTable(String text, String message) throws IOException {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("t.csv")
                .hasMessageContaining(message);
    }

    private Table read(String text) throws IOException {
        return Tables.read(Files.writeString(folder.resolve("t.csv"), text), options);
    }
}
