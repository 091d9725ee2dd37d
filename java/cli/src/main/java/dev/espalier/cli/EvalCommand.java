package dev.espalier.cli;

import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.DataSets;
import dev.espalier.data.Source;
import dev.espalier.data.Statistics;
import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import dev.espalier.train.EvaluationResult;
import dev.espalier.train.Evaluator;
import dev.espalier.train.Recipe;
import dev.espalier.train.SliceScore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How well a model classifies labelled images, over all and per class. */
@Command(name = "eval", description = "Measure a model's accuracy on labelled images, over all and per class.")
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
            description = "Images in a batch (default: 256).")
    private int batchSize;

    EvalCommand(Console console) {
        super(console);
    }

    /**
     * The facts, in the form of the JSON output.
     *
     * @param slices parts of the samples other than classes: groups, what is missing, and what is hidden
     */
    record Facts(
            String split,
            int samples,
            double loss,
            double accuracy,
            Map<String, Double> perClass,
            List<SliceScore> slices) {}

    @Override
    void run() {
        if (batchSize < 1) {
            throw new BadInput("--batch-size must be at least 1, got " + batchSize);
        }
        Device on = device.device();
        data.folder();
        Facts facts;
        try (Model read = model.read();
                DataSets sets = data.open(console, held(read), read.metadata())) {
            Statistics statistics = data.fitted(console, sets, read).statistics();
            Source source = source(sets);
            try (Model placed = new Model(read.graph(), read.weights().to(on), read.metadata())) {
                Batches batches = new Batches(source, BatchOptions.evaluation(batchSize, statistics, on));
                EvaluationResult result = Evaluator.evaluate(placed, batches);
                facts = facts(result, sets, Evaluator.slices(placed, batches, result));
            }
        }
        json.print(console, facts, () -> print(facts));
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
        int classes = SliceScore.perClass(result, sets.classes()).size();
        return new Facts(
                split.name().toLowerCase(Locale.ROOT),
                result.samples(),
                result.loss(),
                result.accuracy(),
                perClass,
                slices.subList(classes, slices.size()));
    }

    private void print(Facts facts) {
        Table table = new Table()
                .row("split", facts.split())
                .row("samples", facts.samples())
                .row("loss", facts.loss())
                .row("accuracy", facts.accuracy());
        facts.perClass().forEach((label, accuracy) -> table.row("  " + label, accuracy));
        facts.slices()
                .forEach(slice -> table.row("  " + slice.name() + " (" + slice.samples() + ")", slice.accuracy()));
        table.print(console.out());
    }
}
