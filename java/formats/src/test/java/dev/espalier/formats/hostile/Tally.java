package dev.espalier.formats.hostile;

import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

/** Counts of the outcomes of one format's files, with the worst of them. */
final class Tally {
    private final Map<String, Integer> verdicts = new TreeMap<>();
    private int files;
    private int accepted;
    private long worstNanos;
    private long worstBytes;

    void add(Outcome outcome) {
        files++;
        accepted += outcome.verdict().equals("accepted") ? 1 : 0;
        verdicts.merge(outcome.verdict(), 1, Integer::sum);
        worstNanos = Math.max(worstNanos, outcome.nanos());
        worstBytes = Math.max(worstBytes, outcome.bytes());
    }

    /** One line of figures, then the classes of refusals, most frequent first. */
    String report(String format, int classes) {
        StringBuilder text = new StringBuilder(String.format(
                "%s: %d files, %d accepted, %d refused in %d classes, longest %d ms, most allocated %.1f MiB%n",
                format,
                files,
                accepted,
                files - accepted,
                verdicts.size(),
                worstNanos / 1_000_000,
                worstBytes / 1048576.0));
        verdicts.entrySet().stream()
                .filter(entry -> !entry.getKey().equals("accepted"))
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()))
                .limit(classes)
                .forEach(entry -> text.append(String.format("  %6d  %s%n", entry.getValue(), entry.getKey())));
        return text.toString();
    }
}
