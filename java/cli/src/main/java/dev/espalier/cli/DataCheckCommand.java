package dev.espalier.cli;

import dev.espalier.manifest.check.Check;
import dev.espalier.manifest.check.CheckReport;
import dev.espalier.manifest.check.Finding;
import dev.espalier.manifest.check.MissingFacts;
import dev.espalier.manifest.check.SplitFacts;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What is wrong with a data set; the exit code says whether results on it would be. */
@Command(
        name = "check",
        description = "Look a data set through for leaks between splits, damaged files, labels that contradict each"
                + " other, and what is missing. Exit code 1 if there are errors.")
final class DataCheckCommand extends Subcommand {
    @Mixin
    private DataArgument data = new DataArgument();

    @Option(
            names = "--examples",
            paramLabel = "N",
            defaultValue = "5",
            description = "Places that are named for each finding (default: 5).")
    private int examples;

    private boolean sound;

    DataCheckCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output; {@code sound} is false if a finding is an error. */
    record Facts(
            String data, boolean sound, List<SplitFacts> splits, List<MissingFacts> missing, List<Finding> findings) {}

    @Override
    void run() {
        if (examples < 0) {
            throw new BadInput("--examples must be at least 0, got " + examples);
        }
        CheckReport report;
        try (SplitProgress looking = new SplitProgress(console, "looking through")) {
            report = Check.run(data.open(console), examples, looking);
        }
        sound = report.sound();
        Facts facts = new Facts(data.path().toString(), sound, report.splits(), report.missing(), report.findings());
        json.print(console, facts, () -> print(facts));
    }

    @Override
    int outcome() {
        return sound ? ExitCode.DONE : ExitCode.FAILED;
    }

    private void print(Facts facts) {
        PrintWriter out = console.out();
        printSplits(out, facts.splits());
        if (!facts.missing().isEmpty()) {
            out.println();
            Table missing = new Table().row("column", "split", "missing", "of");
            facts.missing().forEach(m -> missing.row(m.column(), m.split(), m.missing(), m.cells()));
            missing.print(out);
        }
        for (Finding finding : facts.findings()) {
            out.println();
            out.println(finding.severity().label() + ": " + finding.count() + " " + finding.what());
            finding.examples().forEach(example -> out.println("    " + example));
        }
        out.println();
        long errors = facts.findings().stream()
                .filter(finding -> finding.severity() == Finding.Severity.ERROR)
                .count();
        out.println(errors == 0 ? "no errors" : errors + " kinds of errors: results on this data would be wrong");
    }

    /** Classes by splits, with the sums and how unequal the classes are. */
    static void printSplits(PrintWriter out, List<SplitFacts> splits) {
        List<Object> head = new ArrayList<>(List.of(""));
        splits.forEach(split -> head.add(split.split()));
        Table table = new Table().row(head.toArray());
        Set<String> classes = splits.get(0).labels().keySet();
        for (String name : classes) {
            List<Object> row = new ArrayList<>(List.of(name));
            splits.forEach(split -> row.add(split.labels().getOrDefault(name, 0L)));
            table.row(row.toArray());
        }
        List<Object> samples = new ArrayList<>(List.of("samples"));
        splits.forEach(split -> samples.add(split.samples()));
        table.row(samples.toArray());
        if (!classes.isEmpty()) {
            List<Object> balance = new ArrayList<>(List.of("largest / smallest"));
            splits.forEach(split -> balance.add(split.balance() == null ? "" : split.balance()));
            table.row(balance.toArray());
        }
        table.print(out);
    }
}
