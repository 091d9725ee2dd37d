package dev.espalier.manifest.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Skipped;
import dev.espalier.manifest.Heard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonLinesTest {
    @TempDir
    Path folder;

    private final Heard heard = new Heard();
    private final TableOptions options = TableOptions.defaults().withListener(heard);

    @Test
    void columnsInOrderOfFirstSight() throws IOException {
        Table table = read("""
                {"b": "x", "a": 1.50}

                {"c": true, "a": null, "b": "é"}
                {"a": ""}
                """);
        assertThat(table.columns()).containsExactly("b", "a", "c");
        assertThat(table.rows())
                .containsExactly(
                        new Table.Row("t.jsonl, line 1", Arrays.asList("x", "1.50", null)),
                        new Table.Row("t.jsonl, line 3", Arrays.asList("é", null, "true")),
                        new Table.Row("t.jsonl, line 4", Arrays.asList(null, null, null)));
    }

    @Test
    void sameTableAsCsv() throws IOException {
        Path csv = Files.writeString(folder.resolve("t.csv"), "a,b\n1e-3,\"x\ny\"\n,NaN\n");
        Table json = read("\uFEFF{\"a\":1e-3,\"b\":\"x\\ny\"}\r\n{\"a\":null,\"b\":NaN}\r\n");
        Table table = Tables.read(csv, options);
        assertThat(json.columns()).isEqualTo(table.columns());
        assertThat(json.rows())
                .extracting(Table.Row::cells)
                .isEqualTo(table.rows().stream().map(Table.Row::cells).toList());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"a\": [1]}        | expected one flat JSON object, got a nested value in 'a'",
                "{\"a\": {\"b\": 1}} | expected one flat JSON object, got a nested value in 'a'",
                "[1]                 | expected one flat JSON object, got another value",
                "{\"\": 1}           | expected one flat JSON object, got a value without a name",
                "{\"a\": 1} 2        | expected one flat JSON object, got more after it",
                "{\"a\": 1, \"a\": 2} | expected one JSON object, got: Duplicate",
                "{\"a\": 1           | expected one JSON object, got: ",
                "{\"a\": \"12345678901\"} | expected one JSON object, got: String value length"
            })
    void badLineIsLeftOutAlone(String bad, String reason) throws IOException {
        Path file = Files.writeString(folder.resolve("t.jsonl"), "{\"a\":1}\n" + bad + "\n{\"a\":2}\n");
        assertThat(Tables.read(file, options.withCellLimit(10)).values("a")).containsExactly("1", "2");
        assertThat(heard.skipped).singleElement().satisfies(skipped -> {
            assertThat(skipped.name()).isEqualTo("t.jsonl, line 2");
            assertThat(skipped.reason()).startsWith(reason).doesNotContain("\n");
        });
        assertThatThrownBy(() -> Tables.read(file, options.withCellLimit(10).withOnCorrupt(OnCorrupt.FAIL)))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("t.jsonl, line 2: " + reason);
    }

    @Test
    void columnsOfBadLinesAreNotColumns() throws IOException {
        assertThat(read("{\"b\":1,\"a\":[]}\n{\"a\":2}\n").columns()).containsExactly("a");
    }

    @Test
    void hugeValueCostsItsLineOnly() throws IOException {
        Table table = read("{\"a\":\"" + "x".repeat(10_000_000) + "\"}\n{\"a\":\"ok\"}\n");
        assertThat(table.rows()).containsExactly(new Table.Row("t.jsonl, line 2", List.of("ok")));
        assertThat(heard.skipped)
                .containsExactly(
                        new Skipped("t.jsonl, line 1", "expected a row of at most 4194304 bytes, got a longer one"));
    }

    @Test
    void noTable() {
        assertThatThrownBy(() -> read("\n"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("expected rows, got none");
        assertThatThrownBy(() -> read("{}\n{}"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("t.jsonl: expected named columns, got none");
    }

    @Test
    void namesFromTheOptionsAreRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("t.ndjson"), "{\"a\":1}");
        assertThatThrownBy(() -> Tables.read(file, options.withHeader(List.of("a"))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("expected no header for JSON Lines, got a");
    }

    private Table read(String text) throws IOException {
        return Tables.read(Files.writeString(folder.resolve("t.jsonl"), text), options);
    }
}
