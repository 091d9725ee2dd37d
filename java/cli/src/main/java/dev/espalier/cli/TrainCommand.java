package dev.espalier.cli;

import dev.espalier.data.DataSets;
import dev.espalier.formats.StorageException;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.formats.onnx.OnnxGraphs;
import dev.espalier.formats.safetensors.SafetensorsCheckpoints;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.pipeline.Checkpointing;
import dev.espalier.pipeline.PruningRun;
import dev.espalier.pipeline.RunOutcome;
import dev.espalier.pipeline.RunPlan;
import dev.espalier.pipeline.RunSetting;
import dev.espalier.runtime.Device;
import dev.espalier.train.CheckpointPolicy;
import dev.espalier.train.CsvWriter;
import dev.espalier.train.Recipe;
import dev.espalier.train.TensorBoardWriter;
import java.io.IOException;
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

/** Trains a model on labelled images; a killed run goes on from its last checkpoint. */
@Command(name = "train", description = "Train a model on labelled images.")
final class TrainCommand extends Subcommand {
    static final SettingFlags RECIPE = new SettingFlags(Recipe.keys());

    private static final int KEPT_CHECKPOINTS = 3;
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
            description = "kerasCnn, mlp, resnet18, resnet20, resnet56, vgg16bn, or a model file to go on with.")
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
            names = "--run-dir",
            paramLabel = "DIR",
            description = "Where checkpoints, metrics.csv and TensorBoard events go (default: OUT.onnx.run).")
    private @Nullable Path runDir;

    @Option(names = "--resume", description = "Go on from the newest checkpoint in the run's folder.")
    private boolean resume;

    @Option(
            names = "--checkpoint-seconds",
            paramLabel = "S",
            defaultValue = "60",
            description = "Save within an epoch after so many seconds; 0: at ends of epochs only (default: 60).")
    private double checkpointSeconds;

    @Option(
            names = "--checkpoint-batches",
            paramLabel = "N",
            defaultValue = "0",
            description = "Save within an epoch after so many batches; 0: never (default: 0).")
    private long checkpointBatches;

    TrainCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output; accuracy and loss are of the test split where there is one. */
    record Facts(String model, String runDir, long parameters, long macs, int epochs, double loss, double accuracy) {}

    @Override
    void run() {
        Recipe chosen = readRecipe();
        output.check();
        data.folder();
        checkModel();
        Path folder = runDir == null ? Path.of(output.file() + ".run") : runDir;
        Path checkpoints = folder.resolve("checkpoints");
        checkEarlierRun(checkpoints);
        CheckpointPolicy policy = new CheckpointPolicy(checkpointBatches, checkpointSeconds);
        Device on = device.device();
        Facts facts;
        try (DataSets sets = data.open(
                        console,
                        chosen.data().validationFraction(),
                        chosen.run().seed());
                Model initial = initial(sets, chosen.run().seed())) {
            data.check(sets, initial.graph());
            makeFolder(folder);
            Checkpointing saving = new Checkpointing(
                    new SafetensorsCheckpoints(checkpoints, KEPT_CHECKPOINTS), new OnnxGraphs(), policy);
            try (TensorBoardWriter events = new TensorBoardWriter(folder.resolve("events"), EVENT_EVERY);
                    TrainingProgress progress = new TrainingProgress(console)) {
                RunSetting setting = new RunSetting(
                        sets,
                        on,
                        Optional.of(saving),
                        List.of(progress, new CsvWriter(folder.resolve("metrics.csv")), events));
                facts = train(initial, chosen, setting, folder);
            }
        }
        json.print(
                console,
                facts,
                () -> new Table()
                        .row("model", facts.model())
                        .row("parameters", facts.parameters())
                        .row("MACs per sample", facts.macs())
                        .row("loss", facts.loss())
                        .row("accuracy", facts.accuracy())
                        .print(console.out()));
    }

    private Facts train(Model initial, Recipe chosen, RunSetting setting, Path folder) {
        try (RunOutcome outcome = PruningRun.run(initial, RunPlan.train(chosen), setting)) {
            output.write(outcome.model());
            return new Facts(
                    output.file().toString(),
                    folder.toString(),
                    outcome.after().size().parameters(),
                    outcome.after().size().macs(),
                    outcome.history().size(),
                    outcome.after().evaluation().loss(),
                    outcome.after().evaluation().accuracy());
        }
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

    private void checkEarlierRun(Path checkpoints) {
        boolean earlier =
                Files.isDirectory(checkpoints) && new SafetensorsCheckpoints(checkpoints, KEPT_CHECKPOINTS).holdsAny();
        if (earlier && !resume) {
            throw new BadInput(checkpoints + " holds checkpoints of an earlier run; add --resume to go on with it,"
                    + " or choose another --run-dir");
        }
        if (!earlier && resume) {
            throw new BadInput("--resume: there is no checkpoint in " + checkpoints + "; leave --resume out to begin");
        }
    }

    /** Refuses a wrong model before images are decoded for it. */
    private void checkModel() {
        if (Models.names().contains(model)) {
            return;
        }
        if (!model.endsWith(".onnx") && !Files.exists(Path.of(model))) {
            throw new BadInput("--model '" + model + "' is no model file and none of " + Models.names());
        }
        Onnx.read(Path.of(model)).close();
    }

    private Model initial(DataSets sets, long seed) {
        return Models.names().contains(model)
                ? Models.create(model, sets.train().imageShape(), sets.classes().size(), width, seed)
                : Onnx.read(Path.of(model));
    }

    private static void makeFolder(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw StorageException.writing(folder, e);
        }
    }
}
