package dev.espalier.manifest.check;

import dev.espalier.manifest.Column;
import java.util.ArrayList;
import java.util.List;

/** Gathers files that do not decode. */
final class CorruptFiles implements Survey.Observer {
    private final List<Column> inputs;
    private final List<Examples> corrupt = new ArrayList<>();

    CorruptFiles(List<Column> inputs, int most) {
        this.inputs = inputs;
        inputs.forEach(input -> corrupt.add(new Examples(most)));
    }

    @Override
    public void see(Sample sample, List<Look> looks) {
        for (int i = 0; i < looks.size(); i++) {
            if (looks.get(i) instanceof Look.Corrupt file) {
                corrupt.get(i).add(sample.name() + ": " + file.reason());
            }
        }
    }

    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            String what = "files in " + inputs.get(i).name() + " that cannot be read";
            Finding.add(findings, Finding.Severity.ERROR, "corrupt", what, corrupt.get(i));
        }
        return findings;
    }
}
