package dev.espalier.cli;

import dev.espalier.prune.EqualityCheck;
import dev.espalier.prune.Frozen;
import dev.espalier.prune.Size;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What pruning did, in the form of the JSON output; accuracies only where data was given.
 *
 * @param check none where neither channel nor layer was removed: zeros in place need no proof
 * @param approximations why removals change results by nature, which the check then measures as a deviation
 * @param layers the layers that went, by name; none where no layer did
 * @param inputs what is to be fed of inputs that lost indices, by input and axis; none where all take what they took
 * @param frozen what kept all its channels where channels were to go, or stayed whole where layers were
 * @param latency none unless it was the budget
 */
record PruningFacts(
        Size before,
        Size after,
        @Nullable EqualityCheck check,
        List<String> approximations,
        @Nullable List<String> layers,
        @Nullable Map<String, int[]> inputs,
        List<Frozen> frozen,
        @Nullable Accuracy accuracy,
        @Nullable Timed latency) {
    /** On the test split. */
    record Accuracy(double before, double after) {}

    /** The same for people. */
    void print(Console console) {
        Table table = new Table()
                .row("", "before", "after")
                .row("parameters", before.parameters(), after.parameters())
                .row("MACs per sample", before.macs(), after.macs())
                .row("sparsity", before.sparsity(), after.sparsity());
        if (accuracy != null) {
            table.row("accuracy", accuracy.before, accuracy.after);
        }
        if (latency != null) {
            table.row("latency, ms", latency.denseMillis(), latency.prunedMillis());
        }
        table.print(console.out());
        if (latency != null) {
            console.out().println("latency: " + latency.told());
        }
        if (check != null) {
            console.out()
                    .println("proved: the largest difference to the masked model is "
                            + check.maxAbsDiff() + ", rounding explains "
                            + check.tolerance());
            if (!approximations.isEmpty()) {
                console.out()
                        .println("not equivalent by nature: outputs deviate by up to "
                                + check.deviation() + " of the largest from those of the merely masked model,"
                                + " because");
                approximations.forEach(reason -> console.out().println("  " + reason));
            }
        }
        if (inputs != null) {
            inputs.forEach(
                    (place, kept) -> console.out().println("input " + place + " takes " + Arrays.toString(kept)));
        }
        if (layers != null) {
            console.out().println("removed whole: " + String.join(", ", layers));
        }
        frozen.forEach(f -> console.out().println("kept whole: " + f.node() + ": " + f.reason()));
    }
}
