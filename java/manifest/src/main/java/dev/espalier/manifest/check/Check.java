package dev.espalier.manifest.check;

import dev.espalier.data.DataListener;
import dev.espalier.data.Skipped;
import dev.espalier.manifest.Column;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Looks a data set through for what makes results on it wrong. */
public final class Check {
    private Check() {}

    /**
     * Reads every file once.
     *
     * @param most examples of each finding
     * @param listener is told of progress
     */
    public static CheckReport run(Subject subject, int most, DataListener listener) {
        List<Column> inputs = subject.inputs();
        LabelCounts labels = new LabelCounts(subject);
        CorruptFiles corrupt = new CorruptFiles(inputs, most);
        MissingCells missing = new MissingCells(inputs);
        Groups groups = new Groups(most);
        List<Twins> twins = twins(inputs, most);
        List<Survey.Observer> observers = new ArrayList<>(List.of(labels, corrupt, missing, groups));
        observers.addAll(twins);
        Survey.run(subject, listener, observers);

        List<Finding> findings = new ArrayList<>(unusable(subject, most));
        findings.addAll(corrupt.findings());
        twins.forEach(kind -> findings.addAll(kind.findings()));
        findings.addAll(groups.findings());
        findings.addAll(labels.findings(most));
        String what = "files in the folder that no sample refers to";
        Finding.add(findings, Finding.Severity.WARNING, "unreferenced", what, subject.unreferenced(most));
        findings.sort(Comparator.comparing(Finding::severity));
        return new CheckReport(labels.facts(), missing.facts(), findings);
    }

    private static List<Twins> twins(List<Column> inputs, int most) {
        List<Twins> twins = new ArrayList<>(List.of(Twins.ofSamples(most)));
        for (int i = 0; i < inputs.size() && inputs.size() > 1; i++) {
            if (inputs.get(i).type().isFile()) {
                twins.add(Twins.ofColumn(i, inputs.get(i).name(), most));
            }
        }
        return twins;
    }

    private static List<Finding> unusable(Subject subject, int most) {
        Examples rows = new Examples(most);
        for (Skipped row : subject.unusable()) {
            rows.add(row.name() + ": " + row.reason());
        }
        List<Finding> findings = new ArrayList<>();
        Finding.add(findings, Finding.Severity.ERROR, "unusable", "rows that cannot be used", rows);
        return findings;
    }
}
