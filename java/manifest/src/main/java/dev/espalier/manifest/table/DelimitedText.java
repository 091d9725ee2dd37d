package dev.espalier.manifest.table;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import dev.espalier.data.DataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Files of cells set apart by commas or tabs, quoted as in RFC 4180; an empty cell is a missing one. */
final class DelimitedText implements TableFormat {
    /** Characters that the parser may hold however short rows have to be. */
    private static final int LEAST_BUFFER = 1 << 16;

    @Override
    public List<String> extensions() {
        return List.of("csv", "tsv");
    }

    @Override
    public Table read(Path file, TableOptions options) throws IOException {
        char separator = file.toString().toLowerCase(Locale.ROOT).endsWith(".tsv") ? '\t' : ',';
        var parser = CsvReader.builder()
                .fieldSeparator(separator)
                .skipEmptyLines(false)
                .maxBufferSize(Math.max(LEAST_BUFFER, options.rowLimit()));
        TableDraft draft = new TableDraft(file, options);
        try (RawRows rows = RawRows.delimited(file, separator, options.rowLimit())) {
            draft.declare(options.header().isEmpty() ? header(file, rows, parser) : options.header());
            for (RawRow row = rows.next(); row != null; row = rows.next()) {
                if (row.fault() != null) {
                    draft.reject(row.line(), row.fault());
                    continue;
                }
                add(draft, row, parser);
            }
        }
        return draft.table();
    }

    private static void add(TableDraft draft, RawRow row, CsvReader.CsvReaderBuilder parser) {
        List<String> cells;
        try {
            cells = cells(row, parser);
        } catch (CsvParseException e) {
            draft.reject(row.line(), "expected cells as in RFC 4180, got: " + reason(e));
            return;
        }
        if (cells.size() == draft.width()) {
            draft.add(row.line(), cells);
        } else {
            draft.reject(row.line(), "expected " + draft.width() + " cells, got " + cells.size());
        }
    }

    private static List<String> header(Path file, RawRows rows, CsvReader.CsvReaderBuilder parser) throws IOException {
        RawRow row = rows.next();
        if (row == null) {
            throw new DataException("table " + file + ": expected a line of column names, got an empty file");
        }
        String fault = row.fault();
        try {
            if (fault == null) {
                return cells(row, parser).stream().map(String::strip).toList();
            }
        } catch (CsvParseException e) {
            fault = reason(e);
        }
        throw new DataException("table " + file + ": expected a line of column names, got: " + OneLine.of(fault));
    }

    private static List<String> cells(RawRow row, CsvReader.CsvReaderBuilder parser) {
        return parser.ofSingleCsvRecord(row.text()).getFields();
    }

    private static String reason(CsvParseException e) {
        Throwable first = e.getCause() == null ? e : e.getCause();
        return first.getMessage() == null ? first.toString() : first.getMessage();
    }
}
