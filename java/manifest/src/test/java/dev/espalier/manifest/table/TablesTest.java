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

class TablesTest {
    @TempDir
    Path folder;

    private final Heard heard = new Heard();
    private final TableOptions options = TableOptions.defaults().withListener(heard);

    @Test
    void formatsFromOtherModules() throws IOException {
        Path file = Files.writeString(folder.resolve("t.words"), "one\ntwo three\nfour\n");
        assertThat(Tables.knows(file)).isTrue();
        assertThat(Tables.read(file, options).values("word")).containsExactly("one", "four");
        assertThat(heard.skipped).containsExactly(new Skipped("two three", "expected one word, got more"));
        assertThatThrownBy(() -> Tables.read(file, options.withOnCorrupt(OnCorrupt.FAIL)))
                .isInstanceOf(DataException.class)
                .hasMessage("two three: expected one word, got more; mend the row, or leave bad rows out with"
                        + " on-corrupt: skip");
    }

    @Test
    void otherFilesAreRefusedByName() throws IOException {
        Path file = Files.writeString(folder.resolve("t.xlsx"), "a\n1\n");
        assertThat(Tables.knows(file)).isFalse();
        assertThatThrownBy(() -> Tables.read(file, options))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("ends in .csv, .tsv, .jsonl, .ndjson");
        assertThatThrownBy(() -> Tables.read(folder.resolve("none.csv"), options))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("none.csv: expected a file, got nothing");
        assertThatThrownBy(() -> Tables.read(folder, options))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("expected a file, got something else");
    }

    @Test
    void messagesHoldOneBoundedLine() {
        assertThat(OneLine.of("a\nb\u001b[2J\u202ec\ud800")).isEqualTo("a\\nb\\u001b[2J\\u202ec\\ud800");
        assertThat(OneLine.of("x".repeat(500))).hasSize(201).endsWith("…");
    }

    @Test
    void tablesAreWellFormed() {
        Table.Row row = new Table.Row("here", Arrays.asList("x", null));
        assertThatThrownBy(() -> new Table(List.of("a"), List.of(row)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("here: expected 1 cells, got 2");
        assertThatThrownBy(() -> new Table(List.of("a", "b"), List.of(row)).values("c"))
                .isInstanceOf(DataException.class)
                .hasMessage("column 'c': expected one of a, b; write its name as in the file");
    }
}
