package dev.espalier.cli;

import dev.espalier.data.DataSets;
import dev.espalier.formats.ModelFile;
import dev.espalier.model.Model;
import dev.espalier.pipeline.Checkpointing;
import dev.espalier.pipeline.PruningRun;
import dev.espalier.pipeline.RunOutcome;
import dev.espalier.pipeline.RunPlan;
import dev.espalier.pipeline.RunSetting;
import dev.espalier.report.RatePage;
import dev.espalier.train.CsvWriter;
import dev.espalier.train.RateSearch;
import dev.espalier.train.Recipe;
import dev.espalier.train.TensorBoardWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** Trains a model on labelled samples; a killed run goes on from its last checkpoint. */
@Command(name = "train", description = "Train a model on labelled images, sounds, texts and tables.")
final class TrainCommand extends Subcommand {
    static final SettingFlags RECIPE = new SettingFlags(Recipe.keys());

    private static final int EVENT_EVERY = 10;

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Mixin
    private DataFlags data = new DataFlags();

    @Mixin
    private OutputArgument output = new OutputArgument();

    @Option(
            names = "--model",
            required = true,
            paramLabel = "NAME|M.onnx",
            description =
                    "An architecture (kerasCnn, mlp, resnet20, ...; fused or fusedGated for a manifest; a wrong name lists all),"
                            + " or a model file to go on with.")
    private String model = "";

    @Option(
            names = "--width",
            paramLabel = "X",
            defaultValue = "1",
            description = "Factor for the channels of a named model (default: 1).")
    private double width;

    @Option(names = "--recipe", paramLabel = "R.yaml", description = "Settings as a YAML map; flags go before it.")
    private @Nullable Path recipe;

    @Option(
            names = "--find-lr",
            description =
                    "Do not train: show how the loss goes while the learning rate grows, on a copy, and suggest a rate.")
    private boolean findRate;

    @Mixin
    private RunFolder runFolder = new RunFolder();

    @Mixin
    private WatchOption watch = new WatchOption();

    TrainCommand(Console console) {
        super(console);
    }

    /**
     * The facts, in the form of the JSON output; accuracy and loss are of the test split where there is one.
     *
     * @param seconds of all epochs, of an interrupted one since its resume
     * @param accuracy the mean score of the task
     * @param figures what else is told of labels or numbers; none of classes
     */
    record Facts(
            String model,
            String runDir,
            long parameters,
            long macs,
            int epochs,
            double seconds,
            double loss,
            double accuracy,
            @Nullable Map<String, Double> figures) {}

    @Override
    void run() {
        Recipe chosen = readRecipe();
        output.check();
        data.folder();
        checkModel();
        device.device(); // refused before images are decoded
        if (findRate) {
            RateFacts facts = with(chosen, this::search);
            json.print(console, facts, () -> facts.print(console));
            return;
        }
        runFolder.check(output);
        Facts facts = watch.during(console, "Training of " + output.name(), () -> with(chosen, this::fit));
        json.print(console, facts, () -> print(facts));
    }

    private void print(Facts facts) {
        Table table = new Table()
                .row("model", facts.model())
                .row("parameters", facts.parameters())
                .row("MACs per sample", facts.macs())
                .row("epochs", facts.epochs())
                .row("seconds", facts.seconds())
                .row("loss", facts.loss())
                .row("accuracy", facts.accuracy());
        Map<String, Double> figures = facts.figures();
        if (figures != null) {
            figures.forEach(table::row);
        }
        table.print(console.out());
    }

    /** What is done with a model, and the data as it takes them. */
    private interface Work<T> {
        T on(Model initial, DataSets fed, Recipe chosen, HeldOut held);
    }

    private <T> T with(Recipe chosen, Work<T> work) {
        return Architectures.names().contains(model) ? made(chosen, work) : goneOn(chosen, work);
    }

    /** On an architecture with fresh weights. */
    private <T> T made(Recipe chosen, Work<T> work) {
        HeldOut held = HeldOut.of(chosen);
        long seed = chosen.run().seed();
        try (DataSets sets = data.open(console, held);
                Model fresh = Architectures.named(model, sets).model(width, seed)) {
            return work.on(fresh, data.fitted(console, sets, fresh), chosen, held);
        }
    }

    /** On the model of a file. */
    private <T> T goneOn(Recipe chosen, Work<T> work) {
        try (Model given = ModelFile.read(Path.of(model))) {
            HeldOut held = HeldOut.of(given, chosen, console);
            try (DataSets sets = data.open(console, held, given.metadata())) {
                return work.on(given, data.fitted(console, sets, given), chosen, held);
            }
        }
    }

    private RateFacts search(Model initial, DataSets fed, Recipe chosen, HeldOut held) {
        RunSetting setting = RunSetting.of(fed, device.device());
        long begun = System.nanoTime();
        RateSearch.Found found = RateSearch.USUAL.run(initial, setting.training(chosen), chosen, setting.device());
        Map<String, String> facts = RunFacts.of(parsed(), data.folder(), setting, (System.nanoTime() - begun) / 1e9);
        Path page = runFolder.page(
                output, "learning-rate.html", RatePage.render("Learning rate of " + model, facts, found));
        return RateFacts.of(found, page.toString());
    }

    private Facts fit(Model initial, DataSets fed, Recipe chosen, HeldOut held) {
        Checkpointing saving = runFolder.open(output);
        Path folder = runFolder.of(output);
        try (TensorBoardWriter events = new TensorBoardWriter(folder.resolve("events"), EVENT_EVERY);
                TrainingProgress progress = new TrainingProgress(console)) {
            RunSetting setting = new RunSetting(
                    fed,
                    device.device(),
                    Optional.of(saving),
                    watch.listeners(progress, new CsvWriter(folder.resolve("metrics.csv")), events));
            return train(initial, chosen, setting, held);
        }
    }

    private Facts train(Model initial, Recipe chosen, RunSetting setting, HeldOut held) {
        Path folder = runFolder.of(output);
        try (RunOutcome outcome = PruningRun.run(initial, RunPlan.train(chosen), setting)) {
            output.write(held.statedIn(outcome.model()));
            runFolder.keepLast(output, outcome.last().map(held::statedIn));
            double seconds = outcome.history().stream()
                    .mapToDouble(epoch -> epoch.report().seconds())
                    .sum();
            record(outcome, setting, folder, seconds);
            Map<String, Double> figures =
                    Figures.of(outcome.after().evaluation(), setting.data().classes());
            return new Facts(
                    output.file().toString(),
                    folder.toString(),
                    outcome.after().size().parameters(),
                    outcome.after().size().macs(),
                    outcome.history().size(),
                    seconds,
                    outcome.after().evaluation().loss(),
                    outcome.after().evaluation().accuracy(),
                    figures.isEmpty() ? null : figures);
        }
    }

    private void record(RunOutcome outcome, RunSetting setting, Path folder, double seconds) {
        String name = output.name();
        Map<String, String> facts = RunFacts.of(parsed(), data.folder(), setting, seconds);
        RunPage.Made made = RunPage.Made.of(name, outcome, outcome.after().latencyMillis());
        RunPage page = new RunPage(List.of(made), setting.measuredSplit(), List.of());
        RunRecord.write(folder, page.report("Training of " + name, facts));
    }

    private Recipe readRecipe() {
        Map<String, Object> settings = new LinkedHashMap<>();
        if (recipe != null) {
            settings.putAll(RecipeFile.read(recipe));
            SettingFlags.checked(recipe + ": ", settings, Recipe::fromMap);
        }
        settings.keySet().removeIf(name -> RECIPE.given(parsed()).containsKey(name.replace('_', '-')));
        settings.putAll(RECIPE.given(parsed()));
        return SettingFlags.checked("", settings, Recipe::fromMap);
    }

    private ParseResult parsed() {
        if (spec == null) {
            throw new IllegalStateException("the command line has not been parsed");
        }
        return spec.commandLine().getParseResult();
    }

    /** Refuses a wrong model before images are decoded for it. */
    private void checkModel() {
        if (Architectures.names().contains(model)) {
            return;
        }
        if (!model.endsWith(".onnx") && !Files.exists(Path.of(model))) {
            throw new BadInput("--model '" + model + "' is no model file and none of " + Architectures.names());
        }
        ModelFile.read(Path.of(model)).close();
    }
}
