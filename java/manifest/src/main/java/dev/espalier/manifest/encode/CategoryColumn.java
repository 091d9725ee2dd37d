package dev.espalier.manifest.encode;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A column of categories and their ids: 0 for a missing one, 1 for one that no training row had, then the known ones in order.
 *
 * @param values those of the training rows, each once
 */
public record CategoryColumn(String name, List<String> values) {
    static final int MISSING = 0;
    static final int UNKNOWN = 1;
    private static final int FIRST = 2;

    public CategoryColumn {
        values = List.copyOf(values);
    }

    /** The ids of all values. */
    Map<String, Integer> ids() {
        Map<String, Integer> ids = new HashMap<>();
        values.forEach(value -> ids.put(value, FIRST + ids.size()));
        return ids;
    }

    /** The number of ids. */
    public int count() {
        return FIRST + values.size();
    }
}
