package dev.espalier.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Skipped;
import dev.espalier.manifest.table.Table;
import dev.espalier.manifest.table.TableOptions;
import dev.espalier.manifest.table.Tables;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import org.duckdb.DuckDBDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParquetFormatTest {
    private static final TableOptions OPTIONS = TableOptions.defaults().withListener(DataListener.silent());

    @TempDir
    private Path folder;

    /** Writes what a query gives. */
    private Path file(String name, String query) {
        Path file = folder.resolve(name);
        try (Connection connection = new DuckDBDriver().connect("jdbc:duckdb:", new Properties());
                Statement statement = connection.createStatement()) {
            statement.execute("COPY (" + query + ") TO '" + file + "' (FORMAT parquet)");
            return file;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> row(String query) {
        return Tables.read(file("row.parquet", query), OPTIONS).rows().get(0).cells();
    }

    @Test
    void rowsAndColumnsComeInTheOrderOfTheFile() {
        Path file = file("a.parquet", "SELECT i AS id, 'name ' || i AS name FROM range(5000) t(i)");
        Table table = Tables.read(file, OPTIONS);
        assertThat(table.columns()).containsExactly("id", "name");
        assertThat(table.size()).isEqualTo(5000);
        for (int i = 0; i < table.size(); i++) {
            assertThat(table.rows().get(i).cells()).containsExactly("" + i, "name " + i);
        }
        assertThat(table.rows().get(16).place()).isEqualTo("a.parquet, row 17");
    }

    @Test
    void numbersAndBooleansAreDecimalText() {
        assertThat(row("SELECT 200::UTINYINT, -3::BIGINT, 18446744073709551615::UBIGINT, 0.1::DOUBLE, 1.5::FLOAT,"
                        + " 12.50::DECIMAL(10,2), 1e-9::DECIMAL(18,10), true"))
                .containsExactly("200", "-3", "18446744073709551615", "0.1", "1.5", "12.50", "0.0000000010", "true");
    }

    @Test
    void timesAreIsoText() {
        assertThat(row("SELECT TIMESTAMP '2026-01-02 03:04:00', TIMESTAMP '2026-01-02 03:04:05.678',"
                        + " TIMESTAMP_NS '2026-01-02 03:04:05.123456789', '2026-01-02 03:04:05+00'::TIMESTAMPTZ,"
                        + " DATE '2026-01-02', TIME '01:02:03'"))
                .containsExactly(
                        "2026-01-02T03:04:00",
                        "2026-01-02T03:04:05.678",
                        "2026-01-02T03:04:05.123456789",
                        "2026-01-02T03:04:05Z",
                        "2026-01-02",
                        "01:02:03");
    }

    @Test
    void nullAndEmptyCellsAreMissing() {
        assertThat(row("SELECT 'ü👍', '', NULL::VARCHAR, NULL::DOUBLE, NULL::TIMESTAMP, NULL::DECIMAL(4,1),"
                        + " NULL::TIMESTAMPTZ, 'bytes'::BLOB"))
                .containsExactly("ü👍", null, null, null, null, null, null, "bytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1, 2]", "{'k': 1}", "MAP {'k': 1}", "INTERVAL 1 DAY"})
    void refusesOtherColumnsByName(String value) {
        Path file = file("nested.parquet", "SELECT 1 AS id, " + value + " AS tags");
        assertThatThrownBy(() -> Tables.read(file, OPTIONS))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(
                        "table " + file + ": column 'tags': expected numbers, booleans, strings or times")
                .hasMessageEndingWith("flatten it or leave it out");
    }

    @Test
    void namesOfFilesAreTakenLiterally() throws IOException {
        Path file = file("plain.parquet", "SELECT 1 AS id");
        for (String name : List.of("it's; b.parquet", "year=2026/c.parquet", "UPPER.PARQUET")) {
            Path copy = folder.resolve(name);
            Files.createDirectories(copy.getParent());
            Files.copy(file, copy);
            assertThat(Tables.read(copy, OPTIONS).columns()).containsExactly("id");
        }
        Path pattern = Files.copy(file, folder.resolve("pl*.parquet"));
        assertThatThrownBy(() -> Tables.read(pattern, OPTIONS))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("expected a path without *, ? and [");
    }

    @Test
    void cellsThatAreTooLongAreLeftOut() {
        Path file = file("long.parquet", "SELECT repeat('x', i) AS text FROM range(1, 4) t(i)");
        List<Skipped> skipped = new ArrayList<>();
        DataListener listener = new DataListener() {
            @Override
            public void skipped(Skipped row) {
                skipped.add(row);
            }
        };
        Table table = Tables.read(file, OPTIONS.withCellLimit(2).withListener(listener));
        assertThat(table.values("text")).containsExactly("x", "xx");
        assertThat(skipped.toString()).contains("long.parquet, row 3");
        assertThatThrownBy(() -> Tables.read(file, OPTIONS.withCellLimit(2).withOnCorrupt(OnCorrupt.FAIL)))
                .isInstanceOf(DataException.class);
    }

    @Test
    void refusesEmptyTablesAndHeaders() {
        Path empty = file("empty.parquet", "SELECT 1 AS id WHERE false");
        assertThatThrownBy(() -> Tables.read(empty, OPTIONS)).hasMessageContaining("expected rows, got none");
        assertThatThrownBy(() -> Tables.read(empty, OPTIONS.withHeader(List.of("id"))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("expected no header for Parquet");
    }

    @Test
    void refusesTextThatIsNoUtf8() {
        Path file = file("latin.parquet", "SELECT '\\xFF\\xFE'::BLOB AS text");
        assertRefused(file);
    }

    @Test
    void refusesOtherFilesAndCutOnes() throws IOException {
        byte[] whole = Files.readAllBytes(file("whole.parquet", "SELECT i, 'name ' || i AS n FROM range(100) t(i)"));
        for (int length = 0; length < whole.length; length += 97) {
            assertRefused(Files.write(folder.resolve("cut.parquet"), Arrays.copyOf(whole, length)));
        }
        assertRefused(Files.writeString(folder.resolve("text.parquet"), "id,name\n1,a\n"));
    }

    /** A flipped byte may go unnoticed or give other values; it never gives anything but a table or one line. */
    @Test
    void damagedFilesAreReadOrRefused() throws IOException {
        byte[] whole = Files.readAllBytes(file("whole.parquet", "SELECT i, 'name ' || i AS n FROM range(100) t(i)"));
        Random random = new Random(8);
        int refused = 0;
        for (int trial = 0; trial < 60; trial++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            Path file = Files.write(folder.resolve("damaged.parquet"), damaged);
            try {
                assertThat(Tables.read(file, OPTIONS).size()).isPositive();
            } catch (DataException e) {
                assertThat(e.getMessage()).startsWith("table " + file).doesNotContain("\n");
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void otherFilesAndSettingsAreOutOfReach() throws Exception {
        Path mine = file("mine.parquet", "SELECT 1 AS id");
        Path other = file("other.parquet", "SELECT 1 AS id");
        try (Connection connection = Reader.open(mine.toRealPath());
                Statement statement = connection.createStatement()) {
            assertThat(statement.execute("SELECT * FROM read_parquet('" + mine.toRealPath() + "')"))
                    .isTrue();
            for (String forbidden : List.of(
                    "SELECT * FROM read_parquet('" + other.toRealPath() + "')",
                    "SELECT * FROM read_parquet('https://example.org/a.parquet')",
                    "COPY (SELECT 1) TO '" + folder.resolve("out.csv") + "'",
                    "INSTALL httpfs",
                    "SET enable_external_access = true")) {
                assertThatThrownBy(() -> statement.execute(forbidden)).isInstanceOf(SQLException.class);
            }
        }
    }

    private static void assertRefused(Path file) {
        assertThatThrownBy(() -> Tables.read(file, OPTIONS))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("table " + file + ": expected a Parquet file, got: ")
                .hasMessageNotContaining("\n");
    }
}
