package dev.espalier.manifest.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds contents that stand more than once: in several splits, in one split with several labels, in one split with one label.
 *
 * <p>It remembers a key, a name and a label of each content: some 200 bytes.
 */
final class Twins implements Survey.Observer {
    private final int column;
    private final String what;
    private final int most;
    private final Map<ContentKey, Sample> first = new HashMap<>();
    private final Map<String, Examples> leaks = new LinkedHashMap<>();
    private final Map<String, Examples> conflicts = new LinkedHashMap<>();
    private final Map<String, Examples> repeats = new LinkedHashMap<>();

    private Twins(int column, String what, int most) {
        this.column = column;
        this.what = what;
        this.most = most;
    }

    /** Compares all inputs of samples together. */
    static Twins ofSamples(int most) {
        return new Twins(-1, "samples", most);
    }

    /** Compares one input of several; that it repeats within a split may well be meant. */
    static Twins ofColumn(int column, String name, int most) {
        return new Twins(column, "files in " + name, most);
    }

    @Override
    public void see(Sample sample, List<Look> looks) {
        ContentKey key = key(column < 0 ? looks : List.of(looks.get(column)));
        if (key == null) {
            return;
        }
        Sample bare = new Sample(sample.split(), sample.name(), sample.labels(), sample.group(), List.of());
        Sample known = first.putIfAbsent(key, bare);
        if (known == null) {
            return;
        }
        boolean alike = known.labels().equals(sample.labels());
        String pair = sample.name() + (alike ? "" : " (" + sample.label() + ")") + " = " + known.name()
                + (alike ? "" : " (" + known.label() + ")");
        if (!known.split().equals(sample.split())) {
            add(leaks, known.split() + " and in " + sample.split(), pair);
        } else if (!alike) {
            add(conflicts, sample.split(), pair);
        } else {
            add(repeats, sample.split(), pair);
        }
    }

    private void add(Map<String, Examples> to, String where, String pair) {
        to.computeIfAbsent(where, key -> new Examples(most)).add(pair);
    }

    /** Null if a file cannot be read, or nothing is there at all. */
    private static @Nullable ContentKey key(List<Look> looks) {
        List<ContentKey> keys = new ArrayList<>();
        boolean something = false;
        for (Look look : looks) {
            if (look instanceof Look.Corrupt) {
                return null;
            }
            something |= !(look instanceof Look.Missing);
            keys.add(look.key());
        }
        return something ? ContentKey.of(keys) : null;
    }

    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        leaks.forEach((where, found) ->
                Finding.add(findings, Finding.Severity.ERROR, "leak", what + " that stand in " + where, found));
        if (column < 0) {
            conflicts.forEach((where, found) -> Finding.add(
                    findings,
                    Finding.Severity.ERROR,
                    "conflict",
                    what + " that stand in " + where + " with another label too",
                    found));
            repeats.forEach((where, found) -> Finding.add(
                    findings, Finding.Severity.WARNING, "repeat", what + " that stand in " + where + " before", found));
        }
        return findings;
    }
}
