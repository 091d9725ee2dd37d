package dev.espalier.cli;

import dev.espalier.data.Statistics;
import dev.espalier.manifest.check.ColumnStats;
import dev.espalier.manifest.check.Quantiles;
import dev.espalier.manifest.check.SplitFacts;
import dev.espalier.manifest.check.Stats;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What a data set is like, input by input. */
@Command(
        name = "stats",
        description = "Show what a data set is like: labels of the splits, sizes of images, rates and durations of"
                + " sounds, lengths of texts, spread of numbers, counts of categories.")
final class DataStatsCommand extends Subcommand {
    @Mixin
    private DataArgument data = new DataArgument();

    DataStatsCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(String data, List<SplitFacts> splits, List<ColumnStats> columns) {}

    @Override
    void run() {
        Stats stats;
        try (SplitProgress looking = new SplitProgress(console, "looking through")) {
            stats = Stats.of(data.open(console), looking);
        }
        Facts facts = new Facts(data.path().toString(), stats.splits(), stats.columns());
        json.print(console, facts, () -> print(facts));
    }

    private void print(Facts facts) {
        DataCheckCommand.printSplits(console.out(), facts.splits());
        for (ColumnStats column : facts.columns()) {
            console.out().println();
            console.out()
                    .println(column.name() + " (" + column.type() + "): " + column.present() + " present, "
                            + column.missing() + " missing"
                            + (column.corrupt() == 0 ? "" : ", " + column.corrupt() + " corrupt"));
            if (column.detail() != null) {
                print(column.detail());
            }
        }
    }

    private void print(ColumnStats.Detail detail) {
        Table table = new Table().row("", "least", "5 %", "25 %", "median", "75 %", "95 %", "greatest", "mean");
        if (detail instanceof ColumnStats.Images images) {
            add(table, "height", images.heights());
            add(table, "width", images.widths());
            table.print(console.out());
            line("sizes", images.distinctSizes(), images.sizes());
            line("modes", images.modes().size(), images.modes());
            images.channels().forEach(this::print);
        } else if (detail instanceof ColumnStats.Sounds sounds) {
            add(table, "seconds", sounds.seconds());
            add(table, "level, dB", sounds.level());
            table.print(console.out());
            line("rates, Hz", sounds.rates().size(), sounds.rates());
            console.out().println("silent: " + sounds.silent());
        } else if (detail instanceof ColumnStats.Texts texts) {
            add(table, "characters", texts.characters());
            add(table, "words", texts.words());
            table.print(console.out());
            console.out().println("different words: " + texts.vocabulary());
        } else if (detail instanceof ColumnStats.Figures figures) {
            add(table, "value", figures.values());
            table.print(console.out());
            if (figures.unreadable() > 0) {
                console.out().println("not numbers: " + figures.unreadable());
            }
        } else if (detail instanceof ColumnStats.Categories categories) {
            line("values", categories.distinct(), categories.values());
        }
    }

    private static void add(Table table, String name, @Nullable Quantiles q) {
        if (q != null) {
            table.row(name, q.least(), q.q05(), q.q25(), q.median(), q.q75(), q.q95(), q.greatest(), q.mean());
        }
    }

    private void line(String what, long distinct, Map<String, Long> commonest) {
        String shown = commonest.entrySet().stream()
                .map(entry -> entry.getKey() + " (" + entry.getValue() + ")")
                .collect(Collectors.joining(", "));
        console.out()
                .println(what + ": " + shown
                        + (distinct > commonest.size() ? " and others, " + distinct + " in all" : ""));
    }

    private void print(String mode, Statistics statistics) {
        console.out()
                .println(mode + " pixels of training, 0 to 1: mean " + text(statistics.mean()) + ", deviation "
                        + text(statistics.std()));
    }

    private static String text(List<Float> values) {
        return values.stream()
                .map(value -> String.format(Locale.ROOT, "%.4f", value))
                .collect(Collectors.joining(" "));
    }
}
