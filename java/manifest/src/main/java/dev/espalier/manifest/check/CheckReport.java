package dev.espalier.manifest.check;

import java.util.List;

/**
 * What is wrong with a data set.
 *
 * @param splits with their classes
 * @param missing where cells lack a value
 * @param findings errors first
 */
public record CheckReport(List<SplitFacts> splits, List<MissingFacts> missing, List<Finding> findings) {
    public CheckReport {
        splits = List.copyOf(splits);
        missing = List.copyOf(missing);
        findings = List.copyOf(findings);
    }

    /** Whether no finding is an error. */
    public boolean sound() {
        return findings.stream().noneMatch(finding -> finding.severity() == Finding.Severity.ERROR);
    }
}
