package dev.espalier.manifest.table;

import dev.espalier.data.DataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * Files with one flat JSON object a line. Numbers and booleans become their text as written; null and the empty text are missing,
 * as they are in the same table written as CSV.
 */
final class JsonLines implements TableFormat {
    private static final int LONGEST_NAME = 1000;

    /** What a line holds instead of a flat object. */
    private static final class NoFlatObject extends Exception {
        private static final long serialVersionUID = 1L;

        NoFlatObject(String message) {
            super(message);
        }
    }

    @Override
    public List<String> extensions() {
        return List.of("jsonl", "ndjson");
    }

    @Override
    public Table read(Path file, TableOptions options) throws IOException {
        if (!options.header().isEmpty()) {
            throw new DataException("table " + file + ": expected no header for JSON Lines, got "
                    + Table.named(options.header()) + "; each line names its own columns, remove the header");
        }
        JsonFactory factory = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxStringLength(options.cellLimit())
                        .maxNameLength(LONGEST_NAME)
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                .build();
        TableDraft draft = new TableDraft(file, options);
        try (RawRows rows = RawRows.lines(file, options.rowLimit())) {
            for (RawRow row = rows.next(); row != null; row = rows.next()) {
                if (row.fault() == null) {
                    add(draft, row, factory);
                } else {
                    draft.reject(row.line(), row.fault());
                }
            }
        }
        return draft.table();
    }

    private static void add(TableDraft draft, RawRow row, JsonFactory factory) {
        Map<String, @Nullable String> object;
        try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), row.text())) {
            object = object(parser);
        } catch (JacksonException e) {
            draft.reject(row.line(), "expected one JSON object, got: " + e.getOriginalMessage());
            return;
        } catch (NoFlatObject e) {
            draft.reject(row.line(), "expected one flat JSON object, got " + e.getMessage());
            return;
        }
        Map<Integer, @Nullable String> placed = new LinkedHashMap<>();
        object.forEach((name, cell) -> placed.put(draft.column(name), cell));
        @Nullable String[] cells = new @Nullable String[draft.width()];
        placed.forEach((column, cell) -> cells[column] = cell);
        draft.add(row.line(), Arrays.asList(cells));
    }

    private static Map<String, @Nullable String> object(JsonParser parser) throws NoFlatObject {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new NoFlatObject("another value");
        }
        Map<String, @Nullable String> object = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            if (name.isBlank()) {
                throw new NoFlatObject("a value without a name");
            }
            object.put(name, cell(name, parser));
        }
        if (parser.nextToken() != null) {
            throw new NoFlatObject("more after it");
        }
        return object;
    }

    private static @Nullable String cell(String name, JsonParser parser) throws NoFlatObject {
        return switch (parser.nextToken()) {
            case VALUE_NULL -> null;
            case START_OBJECT, START_ARRAY -> throw new NoFlatObject("a nested value in '" + name + "'");
            default -> parser.getString();
        };
    }
}
