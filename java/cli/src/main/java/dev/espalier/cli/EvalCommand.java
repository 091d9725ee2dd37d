package dev.espalier.cli;

import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.DataSets;
import dev.espalier.data.Source;
import dev.espalier.data.Statistics;
import dev.espalier.data.Task;
import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import dev.espalier.train.EvaluationResult;
import dev.espalier.train.Evaluator;
import dev.espalier.train.LabelScores;
import dev.espalier.train.NumberScores;
import dev.espalier.train.Recipe;
import dev.espalier.train.SliceScore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How right a model is on labelled samples, over all and in parts. */
@Command(name = "eval", description = "Measure a model's accuracy on labelled samples, over all and in parts.")
final class EvalCommand extends Subcommand {
    /** The split that is looked at. */
    private enum Split {
        TRAIN,
        VALIDATION,
        TEST
    }

    @Mixin
    private ModelArgument model = new ModelArgument();

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Mixin
    private DataFlags data = new DataFlags();

    @Option(
            names = "--split",
            paramLabel = "train|validation|test",
            defaultValue = "test",
            description = "The split to measure on (default: test).")
    private Split split = Split.TEST;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "256",
            description = "Samples in a batch (default: 256).")
    private int batchSize;

    EvalCommand(Console console) {
        super(console);
    }

    /**
     * The facts, in the form of the JSON output.
     *
     * @param accuracy the mean score of the task
     * @param perClass of samples of each class or with each label
     * @param slices other parts of the samples: quarters of numbers, groups, what is missing, and what is hidden
     * @param labels none unless that is the task
     * @param number none unless that is the task
     */
    record Facts(
            String split,
            int samples,
            double loss,
            double accuracy,
            Map<String, Double> perClass,
            List<SliceScore> slices,
            @Nullable LabelScores labels,
            @Nullable NumberScores number) {}

    @Override
    void run() {
        if (batchSize < 1) {
            throw new BadInput("--batch-size must be at least 1, got " + batchSize);
        }
        Device on = device.device();
        data.folder();
        EvaluationResult result;
        Facts facts;
        try (Model read = model.read();
                DataSets sets = data.open(console, held(read), read.metadata())) {
            Statistics statistics = data.fitted(console, sets, read).statistics();
            Source source = source(sets);
            try (Model placed = new Model(read.graph(), read.weights().to(on), read.metadata())) {
                Batches batches = new Batches(source, BatchOptions.evaluation(batchSize, statistics, on));
                result = Evaluator.evaluate(placed, batches);
                facts = facts(result, sets, Evaluator.slices(placed, batches, result));
            }
        }
        json.print(console, facts, () -> print(facts, result));
    }

    /** Of a model that says nothing of it, only validation needs something held out. */
    private HeldOut held(Model read) {
        HeldOut otherwise = split == Split.VALIDATION ? HeldOut.of(Recipe.defaults()) : HeldOut.NOTHING;
        return HeldOut.statedBy(read).orElse(otherwise);
    }

    private Source source(DataSets sets) {
        return switch (split) {
            case TRAIN -> sets.train();
            case VALIDATION -> sets.validation().orElseThrow(() -> missing("validation"));
            case TEST -> sets.test().orElseThrow(() -> missing("test"));
        };
    }

    private BadInput missing(String name) {
        return new BadInput("the data in " + data.folder() + " has no " + name + " split; choose another with --split");
    }

    private Facts facts(EvaluationResult result, DataSets sets, List<SliceScore> slices) {
        Map<String, Double> perClass = new LinkedHashMap<>();
        double[] accuracies = result.perClassAccuracy();
        for (int i = 0; i < accuracies.length; i++) {
            perClass.put(sets.classes().get(i), accuracies[i]);
        }
        int classes =
                perClass.isEmpty() ? 0 : result.right().slices(sets.classes()).size();
        return new Facts(
                split.name().toLowerCase(Locale.ROOT),
                result.samples(),
                result.loss(),
                result.accuracy(),
                perClass,
                slices.subList(classes, slices.size()),
                LabelScores.of(result, sets.classes()).orElse(null),
                NumberScores.of(result).orElse(null));
    }

    private void print(Facts facts, EvaluationResult result) {
        Table table = new Table()
                .row("split", facts.split())
                .row("samples", facts.samples())
                .row("loss", facts.loss())
                .row("accuracy", facts.accuracy());
        Figures.of(result, List.copyOf(facts.perClass().keySet())).forEach(table::row);
        facts.perClass().forEach((label, accuracy) -> table.row("  " + label, accuracy));
        facts.slices()
                .forEach(slice -> table.row("  " + slice.name() + " (" + slice.samples() + ")", slice.accuracy()));
        table.print(console.out());
        LabelScores labels = facts.labels();
        if (labels != null) {
            Table each = new Table().row("label", "samples", "precision", "recall", "F1");
            labels.perLabel().forEach((name, of) -> each.row(name, of.samples(), of.precision(), of.recall(), of.f1()));
            each.print(console.out());
        }
        Task task = result.right().task();
        if (task != Task.CLASSES) {
            console.out().println("accuracy: " + task.accuracy());
        }
    }
}
