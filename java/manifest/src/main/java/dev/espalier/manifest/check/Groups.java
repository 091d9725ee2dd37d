package dev.espalier.manifest.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds groups whose samples stand in more than one split. */
final class Groups implements Survey.Observer {
    private final Map<String, String> home = new HashMap<>();
    private final Set<String> told = new HashSet<>();
    private final Examples spread;

    Groups(int most) {
        this.spread = new Examples(most);
    }

    @Override
    public void see(Sample sample, List<Look> looks) {
        if (sample.group().isEmpty()) {
            return;
        }
        String group = sample.group().get();
        String split = home.putIfAbsent(group, sample.split());
        if (split != null && !split.equals(sample.split()) && told.add(group)) {
            spread.add(group + " in " + split + " and in " + sample.split());
        }
    }

    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        Finding.add(findings, Finding.Severity.WARNING, "group", "groups that stand in several splits", spread);
        return findings;
    }
}
