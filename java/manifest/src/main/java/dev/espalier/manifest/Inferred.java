package dev.espalier.manifest;

import dev.espalier.manifest.table.OneLine;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Meanings of columns that were found out from names and cells.
 *
 * @param columns what was found
 * @param reasons column name to why, in one line
 */
public record Inferred(Columns columns, Map<String, String> reasons) {
    /** Words that YAML 1.1 or 1.2 reads as text and nothing else. */
    private static final Pattern PLAIN = Pattern.compile("(?!(?i:true|false|yes|no|on|off|y|n|null)$)[A-Za-z_]\\w*");

    public Inferred {
        reasons = Collections.unmodifiableMap(new LinkedHashMap<>(reasons));
        for (Column column : columns.list()) {
            if (!reasons.containsKey(column.name())) {
                throw new IllegalArgumentException("column '" + column.name() + "' has no reason");
            }
        }
    }

    /** One line a column: name, type, reason. */
    public List<String> lines() {
        return columns.list().stream()
                .map(column -> OneLine.of(column.name()) + ": " + column.type().label() + " ("
                        + reasons.get(column.name()) + ")")
                .toList();
    }

    /**
     * A description in YAML that {@link ManifestFile} takes, with the reasons as comments.
     *
     * @param files path of the table file, relative to where the description will be
     */
    public String toYaml(String files) {
        StringBuilder yaml = new StringBuilder("files: ").append(scalar(files)).append("\ncolumns:\n");
        for (Column column : columns.list()) {
            yaml.append("  ")
                    .append(scalar(column.name()))
                    .append(": ")
                    .append(column.type().label())
                    .append("  # ")
                    .append(reasons.get(column.name()))
                    .append('\n');
        }
        return yaml.toString();
    }

    private static String scalar(String text) {
        if (PLAIN.matcher(text).matches()) {
            return text;
        }
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').appendCodePoint(c);
            } else if (c >= ' ' && c < 0x7F) {
                quoted.appendCodePoint(c);
            } else {
                quoted.append(String.format("\\U%08x", c));
            }
        });
        return quoted.append('"').toString();
    }
}
