package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.Label.Kind;
import dev.espalier.manifest.table.OneLine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a description says of the label before the cells are known.
 *
 * @param kind how many values a row has, and of what sort
 * @param separator stands between the values of one cell
 * @param order names of the classes in the order of their values; empty if not given
 * @param names value to name; empty if not given
 */
record LabelPlan(Kind kind, String separator, List<String> order, Map<String, String> names) {
    /** One class a row, named as its value. */
    static LabelPlan inferred() {
        return new LabelPlan(Kind.CLASS, "|", List.of(), Map.of());
    }

    /** The label of a column with these cells. */
    Label label(List<@Nullable String> cells) {
        if (kind == Kind.NUMBER) {
            if (!order.isEmpty() || !names.isEmpty()) {
                throw new DataException(
                        "classes: expected none for a label of kind number; remove classes or the kind");
            }
            return new Label(kind, separator, Map.of());
        }
        List<String> values = sorted(cells);
        if (values.isEmpty()) {
            throw new DataException("label: expected at least one value, got none; check which column is the label");
        }
        if (order.isEmpty() && names.isEmpty()) {
            requireClasses(values);
        }
        return new Label(kind, separator, named(values));
    }

    /** The different values: numbers by size, words by letters. */
    private List<String> sorted(List<@Nullable String> cells) {
        Set<String> values = new LinkedHashSet<>();
        for (String cell : cells) {
            if (cell != null) {
                values.addAll(Label.values(kind, separator, cell));
            }
        }
        List<String> sorted = new ArrayList<>(values);
        boolean numbers =
                sorted.stream().allMatch(value -> CellText.number(value).isPresent());
        sorted.sort(
                numbers
                        ? Comparator.comparingDouble(
                                        (String value) -> CellText.number(value).orElseThrow())
                                .thenComparing(Comparator.naturalOrder())
                        : Comparator.naturalOrder());
        return sorted;
    }

    private Map<String, String> named(List<String> values) {
        if (!names.isEmpty()) {
            requireKnown(values);
            return names;
        }
        List<String> keys = order.containsAll(values) ? order : values;
        List<String> ordered = order.isEmpty() ? values : order;
        if (ordered.size() != keys.size()) {
            throw new DataException("classes: expected " + keys.size() + " names for the values " + listed(keys)
                    + ", got " + ordered.size() + "; write them as a map, value: name");
        }
        Map<String, String> named = new LinkedHashMap<>();
        for (int i = 0; i < keys.size(); i++) {
            named.put(keys.get(i), ordered.get(i));
        }
        return named;
    }

    /** Refuses measurements that would each become a class of its own. */
    private static void requireClasses(List<String> values) {
        if (values.stream().allMatch(value -> CellText.number(value).isPresent())) {
            values.stream()
                    .filter(value -> CellText.number(value).orElseThrow() % 1 != 0)
                    .findFirst()
                    .ifPresent(value -> {
                        throw new DataException("label: expected classes, got numbers such as " + OneLine.of(value)
                                + "; describe it in YAML with label: {kind: number}, or list the classes");
                    });
        }
    }

    private void requireKnown(List<String> values) {
        for (String value : values) {
            if (!names.containsKey(value)) {
                throw new DataException("classes: expected a name for every value of the label, got none for '"
                        + OneLine.of(value) + "'; add it");
            }
        }
    }

    private static String listed(List<String> values) {
        return OneLine.of(String.join(", ", values));
    }
}
