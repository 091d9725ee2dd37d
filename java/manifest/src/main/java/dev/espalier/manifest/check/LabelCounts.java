package dev.espalier.manifest.check;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Counts samples and classes of each split. */
final class LabelCounts implements Survey.Observer {
    private final Subject subject;
    private final Map<String, Map<String, Long>> labels = new LinkedHashMap<>();
    private final Map<String, Long> samples = new LinkedHashMap<>();

    LabelCounts(Subject subject) {
        this.subject = subject;
        for (String split : subject.splits()) {
            samples.put(split, 0L);
            Map<String, Long> counts = new LinkedHashMap<>();
            subject.classes().forEach(name -> counts.put(name, 0L));
            labels.put(split, counts);
        }
    }

    @Override
    public void see(Sample sample, List<Look> looks) {
        samples.merge(sample.split(), 1L, Long::sum);
        if (!subject.classes().isEmpty()) {
            Map<String, Long> counts = counts(sample.split());
            sample.labels().forEach(label -> counts.merge(label, 1L, Long::sum));
        }
    }

    private Map<String, Long> counts(String split) {
        return labels.getOrDefault(split, Map.of());
    }

    List<SplitFacts> facts() {
        List<SplitFacts> facts = new ArrayList<>();
        samples.forEach((split, count) -> {
            long[] present = counts(split).values().stream()
                    .mapToLong(Long::longValue)
                    .filter(n -> n > 0)
                    .toArray();
            Double balance = present.length == 0
                    ? null
                    : (double) LongStream.of(present).max().getAsLong()
                            / LongStream.of(present).min().getAsLong();
            facts.add(new SplitFacts(split, count, counts(split), balance));
        });
        return facts;
    }

    /** Classes that a split lacks; those that training lacks cannot be learnt. */
    List<Finding> findings(int most) {
        List<Finding> findings = new ArrayList<>();
        String training = subject.splits().get(0);
        labels.forEach((split, counts) -> {
            Examples lacking = new Examples(most);
            counts.forEach((name, count) -> {
                if (count == 0) {
                    lacking.add(name);
                }
            });
            String what = split.equals(training)
                    ? "classes that stand in other splits only, not in " + split
                    : "classes without a sample in " + split;
            Finding.add(findings, Finding.Severity.WARNING, "class", what, lacking);
        });
        return findings;
    }
}
