package dev.espalier.cli;

import dev.espalier.data.DataOptions;
import dev.espalier.data.DataSets;
import dev.espalier.data.Datasets;
import dev.espalier.data.Source;
import dev.espalier.data.SyntheticImages;
import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.StorageException;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.pipeline.PruningRecipe;
import dev.espalier.pipeline.PruningRun;
import dev.espalier.pipeline.RunOutcome;
import dev.espalier.pipeline.RunPlan;
import dev.espalier.pipeline.RunSetting;
import dev.espalier.prune.EqualityCheck;
import dev.espalier.report.ReportPage;
import dev.espalier.report.RunReport;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Threads;
import dev.espalier.train.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** From nothing to a trained, pruned, proved model with a report, on images that it draws itself. */
@Command(
        name = "quickstart",
        description = "Draw a small data set, train a network, prune it two ways, and report what that cost.")
final class QuickstartCommand extends Subcommand {
    private static final Recipe TRAINING = Recipe.defaults()
            .with(Map.of("epochs", 12, "batch-size", 64, "optimizer", "adamw", "lr", 0.002, "weight-decay", 0.01));
    private static final Recipe FINE_TUNING = TRAINING.with(Map.of("epochs", 6, "lr", 0.001));
    private static final PruningRecipe CHANNELS = PruningRecipe.fromMap(
            Map.of("pattern", "channel", "criterion", "l1", "target", 0.5, "of", "macs"), Set.of());
    private static final PruningRecipe ELEMENTS =
            PruningRecipe.fromMap(Map.of("pattern", "element", "criterion", "l1", "target", 0.8), Set.of());

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "espalier-quickstart",
            description = "Where data, models and the report go (default: ./espalier-quickstart).")
    private Path folder = Path.of("");

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of images and weights (default: 1).")
    private long seed;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Epochs of training and of each fine-tuning (default: 12 and 6).")
    private @Nullable Integer epochs;

    QuickstartCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(List<Row> models, String report, double seconds) {}

    /** One model; {@code check} is the proof of its compaction. */
    record Row(
            String name,
            String file,
            RunReport.ModelFacts facts,
            @Nullable EqualityCheck check) {}

    @Override
    void run() {
        if (epochs != null && epochs < 1) {
            throw new BadInput("--epochs must be at least 1, got " + epochs);
        }
        long begun = System.nanoTime();
        Device on = device.device();
        Path data = folder.resolve("data");
        makeFolder();
        console.err().println("drawing images into " + data);
        SyntheticImages.standard(seed).write(data);
        DataOptions options = DataOptions.defaults().withValidation(0.1, seed).withCache(folder.resolve("cache"));
        Facts facts;
        try (DataSets sets = Datasets.open(data, options);
                TrainingProgress progress = new TrainingProgress(console)) {
            RunSetting setting = new RunSetting(sets, on, Optional.empty(), List.of(progress));
            facts = work(sets, setting, begun);
        }
        json.print(console, facts, () -> print(facts));
    }

    private Facts work(DataSets sets, RunSetting setting, long begun) {
        Source test = sets.test().orElseThrow();
        Recipe training = with(TRAINING);
        Recipe fineTuning = with(FINE_TUNING);
        Map<String, RunOutcome> pruned = new LinkedHashMap<>();
        try (Model initial = Models.kerasCnn(
                        sets.images().imageShape(), sets.classes().size(), seed);
                RunOutcome dense = PruningRun.run(initial, RunPlan.train(training), setting)) {
            try {
                console.err().println("pruning channels to half of the multiply-accumulates");
                pruned.put("channels", PruningRun.run(dense.model(), RunPlan.prune(CHANNELS, fineTuning), setting));
                console.err().println("pruning single weights to 80 % sparsity");
                pruned.put("elements", PruningRun.run(dense.model(), RunPlan.prune(ELEMENTS, fineTuning), setting));
                return write(dense, pruned, page(dense, pruned, test), begun);
            } finally {
                pruned.values().forEach(RunOutcome::close);
            }
        }
    }

    private RunPage page(RunOutcome dense, Map<String, RunOutcome> pruned, Source test) {
        List<Model> models = new ArrayList<>(List.of(dense.model()));
        pruned.values().forEach(outcome -> models.add(outcome.model()));
        List<Double> latencies = ModelLatencies.medians(console, models, device.device());
        List<RunPage.Made> made = new ArrayList<>(List.of(RunPage.Made.of("dense", dense, latencies.get(0))));
        pruned.forEach((name, outcome) -> made.add(RunPage.Made.of(name, outcome, latencies.get(made.size()))));
        return new RunPage(made, test, List.of());
    }

    private Recipe with(Recipe recipe) {
        Recipe seeded = recipe.with("seed", seed);
        return epochs == null ? seeded : seeded.with("epochs", epochs);
    }

    private Facts write(RunOutcome dense, Map<String, RunOutcome> pruned, RunPage page, long begun) {
        Map<String, RunOutcome> all = new LinkedHashMap<>();
        all.put("dense", dense);
        all.putAll(pruned);
        List<Row> rows = new ArrayList<>();
        List<RunReport.ModelFacts> models = page.models();
        for (Map.Entry<String, RunOutcome> entry : all.entrySet()) {
            Path file = folder.resolve(entry.getKey() + ".onnx");
            Onnx.write(entry.getValue().model(), file);
            EqualityCheck check =
                    entry.getValue().compaction().map(report -> report.check()).orElse(null);
            rows.add(new Row(entry.getKey(), file.toString(), models.get(rows.size()), check));
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        Path report = folder.resolve("report.html").toAbsolutePath();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("command", "espalier quickstart --seed " + seed);
        facts.put("device", device.device() + ", " + Threads.count() + " threads");
        facts.put("java", Runtime.version().toString());
        facts.put("seconds", Long.toString(Math.round(seconds)));
        String html = ReportPage.render(page.report("Espalier quickstart", facts));
        AtomicFile.write(report, html.getBytes(StandardCharsets.UTF_8));
        return new Facts(rows, report.toString(), seconds);
    }

    private void makeFolder() {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw StorageException.writing(folder, e);
        }
    }

    private void print(Facts facts) {
        Table table = new Table().row("model", "parameters", "MACs", "sparsity", "accuracy", "latency ms");
        for (Row row : facts.models()) {
            RunReport.ModelFacts model = row.facts();
            table.row(
                    row.name(),
                    model.parameters(),
                    model.macs(),
                    model.sparsity(),
                    model.accuracy(),
                    model.latencyMillis());
        }
        table.print(console.out());
        for (Row row : facts.models()) {
            if (row.check() != null) {
                console.out()
                        .println(row.name() + ": proved equal to the masked model, largest difference "
                                + row.check().maxAbsDiff() + " of "
                                + row.check().tolerance() + " that rounding explains");
            }
        }
        console.out().println("report: " + facts.report());
    }
}
