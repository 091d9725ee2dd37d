package dev.espalier.manifest.check;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One split.
 *
 * @param samples in it
 * @param labels samples of each class, in the order of the classes; empty if labels are numbers
 * @param balance samples of the largest class over those of the smallest that is there; null without classes
 */
public record SplitFacts(
        String split,
        long samples,
        Map<String, Long> labels,
        @Nullable Double balance) {
    public SplitFacts {
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }
}
