package dev.espalier.parquet;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cells of one column as text.
 *
 * @param index of the column, from 1
 * @param type what DuckDB calls it, without parameters
 */
record Cells(String name, int index, String type) {
    private static final Set<String> AS_THEY_ARE = Set.of(
            "BOOLEAN",
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "BIGINT",
            "HUGEINT",
            "UTINYINT",
            "USMALLINT",
            "UINTEGER",
            "UBIGINT",
            "UHUGEINT",
            "FLOAT",
            "DOUBLE",
            "VARCHAR",
            "DATE",
            "TIME",
            "UUID");
    private static final String DECIMAL = "DECIMAL";
    private static final String MOMENT = "TIMESTAMP WITH TIME ZONE";
    private static final Set<String> TIMES = Set.of("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS");

    /** The columns of a file; refuses the first that cannot be a table's. */
    static List<Cells> of(Path file, ResultSetMetaData columns) throws SQLException {
        List<Cells> cells = new ArrayList<>();
        for (int index = 1; index <= columns.getColumnCount(); index++) {
            String type = columns.getColumnTypeName(index);
            Cells column = new Cells(columns.getColumnName(index), index, type.replaceFirst("^DECIMAL\\(.*", DECIMAL));
            if (!column.isFlat()) {
                throw new DataException("table " + file + ": column '" + OneLine.of(column.name())
                        + "': expected numbers, booleans, strings or times, got " + OneLine.of(type)
                        + "; flatten it or leave it out");
            }
            cells.add(column);
        }
        return cells;
    }

    private boolean isFlat() {
        return AS_THEY_ARE.contains(type) || TIMES.contains(type) || type.equals(DECIMAL) || type.equals(MOMENT);
    }

    /** The cell in the current row; null if it is missing. */
    @Nullable
    String text(ResultSet rows) throws SQLException {
        if (type.equals(MOMENT)) {
            OffsetDateTime moment = rows.getObject(index, OffsetDateTime.class);
            return moment == null
                    ? null
                    : DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(moment.withOffsetSameInstant(ZoneOffset.UTC));
        }
        if (TIMES.contains(type)) {
            LocalDateTime time = rows.getObject(index, LocalDateTime.class);
            return time == null ? null : DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(time);
        }
        if (type.equals(DECIMAL)) {
            BigDecimal number = rows.getBigDecimal(index);
            return number == null ? null : number.toPlainString();
        }
        return rows.getString(index);
    }
}
