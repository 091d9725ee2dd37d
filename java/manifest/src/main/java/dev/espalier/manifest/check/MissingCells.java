package dev.espalier.manifest.check;

import dev.espalier.manifest.Column;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Counts cells without a value, by column and split. */
final class MissingCells implements Survey.Observer {
    private final List<Column> inputs;
    private final Map<String, long[]> missing = new LinkedHashMap<>();
    private final Map<String, Long> samples = new LinkedHashMap<>();

    MissingCells(List<Column> inputs) {
        this.inputs = inputs;
    }

    @Override
    public void see(Sample sample, List<Look> looks) {
        samples.merge(sample.split(), 1L, Long::sum);
        long[] counts = missing.computeIfAbsent(sample.split(), split -> new long[inputs.size()]);
        for (int i = 0; i < looks.size(); i++) {
            counts[i] += looks.get(i) instanceof Look.Missing ? 1 : 0;
        }
    }

    /** The columns and splits in which something is missing. */
    List<MissingFacts> facts() {
        List<MissingFacts> facts = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            for (Map.Entry<String, long[]> counts : missing.entrySet()) {
                if (counts.getValue()[i] > 0) {
                    long cells = samples.getOrDefault(counts.getKey(), 0L);
                    facts.add(new MissingFacts(inputs.get(i).name(), counts.getKey(), counts.getValue()[i], cells));
                }
            }
        }
        return facts;
    }
}
