package dev.espalier.manifest;

import dev.espalier.data.DataException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What the cells of the label column say.
 *
 * @param kind how many values a row has, and of what sort
 * @param separator stands between the values of one cell; used by {@link Kind#MULTI} only
 * @param names value as it stands in a cell to name of its class, in the order of the classes; empty for {@link Kind#NUMBER}
 */
public record Label(Kind kind, String separator, Map<String, String> names) {
    /** How many values a row has, and of what sort. */
    public enum Kind {
        /** One class. */
        CLASS,
        /** Any number of classes. */
        MULTI,
        /** A finite number. */
        NUMBER;

        /** The name in descriptions, such as {@code multi}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Label {
        Objects.requireNonNull(kind, "kind");
        names = Collections.unmodifiableMap(new LinkedHashMap<>(names));
        if (separator.isEmpty()) {
            throw new DataException("label: expected a separator such as '|', got an empty one");
        }
        if ((kind == Kind.NUMBER) != names.isEmpty()) {
            throw new DataException("label: expected classes for kinds class and multi only, got " + names.size()
                    + " for kind " + kind);
        }
    }

    /** The names of the classes in order, each once. */
    public List<String> classes() {
        return names.values().stream().distinct().toList();
    }

    /** The values in a label cell that is not missing: one, or for {@link Kind#MULTI} any number. */
    public List<String> values(String cell) {
        return values(kind, separator, cell);
    }

    static List<String> values(Kind kind, String separator, String cell) {
        return switch (kind) {
            case CLASS, NUMBER -> List.of(cell.strip());
            case MULTI ->
                Pattern.compile(separator, Pattern.LITERAL)
                        .splitAsStream(cell)
                        .map(String::strip)
                        .filter(value -> !value.isEmpty())
                        .distinct()
                        .toList();
        };
    }
}
