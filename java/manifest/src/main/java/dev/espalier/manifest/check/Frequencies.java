package dev.espalier.manifest.check;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** How often values stand. */
final class Frequencies {
    private final Map<String, Long> counts = new HashMap<>();

    void add(String value) {
        counts.merge(value, 1L, Long::sum);
    }

    /** The number of different values. */
    long distinct() {
        return counts.size();
    }

    /** The commonest values first, equally common ones in the order of their texts. */
    Map<String, Long> commonest(int most) {
        Map<String, Long> commonest = new LinkedHashMap<>();
        counts.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(most)
                .forEach(entry -> commonest.put(entry.getKey(), entry.getValue()));
        return commonest;
    }
}
