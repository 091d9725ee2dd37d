package dev.espalier.parquet;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.manifest.table.Table;
import dev.espalier.manifest.table.TableDraft;
import dev.espalier.manifest.table.TableFormat;
import dev.espalier.manifest.table.TableOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parquet files of flat columns: numbers, booleans, strings, dates and times; binary columns are read as UTF-8 text.
 *
 * <p>Dates and times are written as ISO 8601 has them, moments in UTC; nulls are missing cells.
 */
public final class ParquetFormat implements TableFormat {
    /** More rows than a table in memory can have; a small file may claim any number. */
    private static final int MOST_ROWS = 1 << 24;

    private static final Pattern PATTERN = Pattern.compile("[*?\\[]");

    @Override
    public List<String> extensions() {
        return List.of("parquet");
    }

    @Override
    public Table read(Path file, TableOptions options) throws IOException {
        if (!options.header().isEmpty()) {
            throw new DataException("table " + file + ": expected no header for Parquet, got "
                    + Table.named(options.header()) + "; the file names its columns, remove the header");
        }
        Path real = file.toRealPath();
        if (PATTERN.matcher(real.toString()).find()) {
            throw new DataException("table " + file + ": expected a path without *, ? and [, which DuckDB reads as"
                    + " patterns, got " + real + "; rename it");
        }
        try (Connection connection = Reader.open(real);
                PreparedStatement query = connection.prepareStatement(
                        "SELECT * FROM read_parquet(?, hive_partitioning = false, binary_as_string = true)")) {
            query.setString(1, real.toString());
            try (ResultSet rows = query.executeQuery()) {
                return table(file, rows, options);
            }
        } catch (SQLException e) {
            throw new DataException(
                    "table " + file + ": expected a Parquet file, got: " + reason(e) + "; write it again", e);
        }
    }

    /** The first line; others show the query. */
    private static String reason(SQLException e) {
        return OneLine.of(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }

    private static Table table(Path file, ResultSet rows, TableOptions options) throws SQLException {
        List<Cells> columns = Cells.of(file, rows.getMetaData());
        TableDraft draft = new TableDraft(file, options, "row");
        draft.declare(columns.stream().map(Cells::name).toList());
        for (long row = 1; rows.next(); row++) {
            if (row > MOST_ROWS) {
                throw new DataException(
                        "table " + file + ": expected at most " + MOST_ROWS + " rows, got more; split the file");
            }
            List<@Nullable String> cells = new ArrayList<>(columns.size());
            for (Cells column : columns) {
                cells.add(column.text(rows));
            }
            draft.add(row, cells);
        }
        return draft.table();
    }
}
