package dev.espalier.manifest.check;

import java.util.List;
import java.util.Locale;

/**
 * Something about a data set that its user should know.
 *
 * @param severity whether results on it would be wrong, or only worse or surprising
 * @param kind one word for programs
 * @param what for people, to follow the count
 * @param count how often it was found
 * @param examples the first few places
 */
public record Finding(Severity severity, String kind, String what, long count, List<String> examples) {
    public Finding {
        examples = List.copyOf(examples);
    }

    /** How bad it is. */
    public enum Severity {
        ERROR,
        WARNING;

        /** Lower case. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Adds a finding if there was anything to find. */
    static void add(List<Finding> to, Severity severity, String kind, String what, Examples found) {
        if (found.count() > 0) {
            to.add(new Finding(severity, kind, what, found.count(), found.kept()));
        }
    }
}
