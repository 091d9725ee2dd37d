package dev.espalier.cli;

import dev.espalier.data.DataSets;
import dev.espalier.data.Source;
import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.StorageException;
import dev.espalier.pipeline.Comparison;
import dev.espalier.pipeline.ComparisonRow;
import dev.espalier.pipeline.RunPlan;
import dev.espalier.pipeline.RunSetting;
import dev.espalier.pipeline.Spread;
import dev.espalier.report.ComparisonPage;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Threads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Recipes times seeds with the baselines that pruning must beat; a repeated command goes on where it stopped. */
@Command(
        name = "compare",
        description =
                "Run recipes with several seeds, each beside random pruning, longer training and a small dense network.")
final class CompareCommand extends Subcommand {
    private static final long SPLIT_SEED = 1;

    @Parameters(
            arity = "1..*",
            paramLabel = "RECIPE.yaml",
            description =
                    "Settings as YAML maps: those of train, those of prune, and for fine-tuning those of train after"
                            + " finetune-, such as finetune-epochs.")
    private List<Path> files = new ArrayList<>();

    @Mixin
    private DataFlags data = new DataFlags();

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Option(
            names = "--seeds",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,2,3",
            description = "Every recipe is run with each of these seeds (default: 1,2,3).")
    private List<Long> seeds = new ArrayList<>();

    @Option(names = "--model", required = true, paramLabel = "NAME", description = "An architecture that train knows.")
    private String model = "";

    @Option(
            names = "--width",
            paramLabel = "X",
            defaultValue = "1",
            description = "Factor for the channels of the model (default: 1).")
    private double width;

    @Option(
            names = "--measured-fraction",
            paramLabel = "X",
            defaultValue = "0.1",
            description = "Share of training held out to state results on, where the data has no validation split"
                    + " (default: 0.1); the recipe's own validation-fraction is of the rest.")
    private double fraction;

    @Option(
            names = "--baselines",
            split = ",",
            paramLabel = "NAME",
            description =
                    "What to make beside every pruned model, of random, dense-longer and small-dense, or none (default: all).")
    private List<String> baselines =
            Comparison.BASELINES.stream().map(CompareCommand::flag).toList();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            defaultValue = "comparison",
            description = "Where finished cells are kept and report.html is written (default: comparison).")
    private Path folder = Path.of("");

    CompareCommand(Console console) {
        super(console);
    }

    /** The facts, in the form of the JSON output. */
    record Facts(List<ComparisonRow> rows, List<Comparison.Cell> cells, String report) {}

    @Override
    void run() {
        Map<String, RunPlan> recipes = recipes();
        check();
        Set<Comparison.Kind> kinds = kinds();
        Device on = device.device();
        Facts facts;
        try (DataSets sets = data.open(console, new HeldOut(fraction, SPLIT_SEED));
                TrainingProgress progress = new TrainingProgress(console)) {
            Source measured = sets.validation()
                    .orElseThrow(() -> new BadInput(
                            "results are stated on a validation split: give --measured-fraction above 0, got "
                                    + fraction));
            RunSetting setting = new RunSetting(sets, on, Optional.empty(), List.of(progress));
            makeFolder();
            List<Comparison.Cell> cells = new Comparison(
                            Architectures.named(model, sets), width, setting, new FolderStore(folder), kinds)
                    .run(recipes, seeds);
            facts = write(cells, setting, measured);
        }
        json.print(console, facts, () -> print(facts));
    }

    private Map<String, RunPlan> recipes() {
        Map<String, RunPlan> recipes = new LinkedHashMap<>();
        for (Path file : files) {
            RunPlan plan = SettingFlags.checked(file + ": ", RecipeFile.read(file), RunPlan::fromMap);
            if (recipes.put(name(file), plan) != null) {
                throw new BadInput("two recipes are named '" + name(file) + "'; rename one of the files");
            }
        }
        return recipes;
    }

    private static String name(Path file) {
        return file.getFileName().toString().replaceFirst("\\.ya?ml$", "");
    }

    private void check() {
        if (!Architectures.names().contains(model)) {
            throw new BadInput("--model '" + model + "' is none of " + Architectures.names());
        }
        if (!(width > 0)) {
            throw new BadInput("--width must be greater than 0, got " + width);
        }
        if (!(fraction >= 0 && fraction < 1)) {
            throw new BadInput("--measured-fraction must be at least 0 and below 1, got " + fraction);
        }
        if (seeds.isEmpty() || new HashSet<>(seeds).size() != seeds.size()) {
            throw new BadInput("--seeds must name different seeds such as 1,2,3, got " + seeds);
        }
        data.folder();
    }

    private static String flag(Comparison.Kind kind) {
        return Comparison.text(kind).replace(' ', '-');
    }

    private Set<Comparison.Kind> kinds() {
        Set<Comparison.Kind> kinds = EnumSet.noneOf(Comparison.Kind.class);
        for (String name : baselines.equals(List.of("none")) ? List.<String>of() : baselines) {
            kinds.add(Comparison.BASELINES.stream()
                    .filter(kind -> flag(kind).equals(name))
                    .findFirst()
                    .orElseThrow(() -> new BadInput("--baselines '" + name + "' is none of "
                            + Comparison.BASELINES.stream()
                                    .map(CompareCommand::flag)
                                    .toList())));
        }
        return kinds;
    }

    private void makeFolder() {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw StorageException.writing(folder, e);
        }
    }

    private Facts write(List<Comparison.Cell> cells, RunSetting setting, Source measured) {
        List<ComparisonRow> rows = ComparisonRow.of(cells);
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("model", model + ", width " + width);
        facts.put("data", data.folder().toString());
        facts.put("samples measured", measured.size() + " of the validation split; no choice was made on them");
        facts.put("seeds", seeds.toString());
        facts.put("device", setting.device() + ", " + Threads.count() + " threads");
        facts.put("espalier", Espalier.Version.text());
        Path page = folder.resolve("report.html").toAbsolutePath().normalize();
        String title = "Comparison of "
                + String.join(", ", files.stream().map(CompareCommand::name).toList());
        AtomicFile.write(page, ComparisonPage.render(title, facts, rows).getBytes(StandardCharsets.UTF_8));
        Facts all = new Facts(rows, cells, page.toString());
        AtomicFile.write(folder.resolve("comparison.json"), JsonOption.text(all).getBytes(StandardCharsets.UTF_8));
        return all;
    }

    private void print(Facts facts) {
        Table table = new Table()
                .row("recipe", "accuracy %", "parameters", "MACs", "useful MACs", "ms", "epochs", "training MACs", "s");
        for (ComparisonRow row : facts.rows()) {
            ComparisonRow.Measures m = row.measures();
            table.row(
                    row.name(),
                    text(m.accuracy(), 100, "%.2f"),
                    text(m.parameters(), 1, "%.0f"),
                    text(m.macs(), 1, "%.0f"),
                    text(m.usefulMacs(), 1, "%.0f"),
                    text(m.latencyMillis(), 1, "%.3f"),
                    text(row.costs().epochs(), 1, "%.1f"),
                    text(row.costs().trainedMacs(), 1, "%.3g"),
                    text(row.costs().seconds(), 1, "%.1f"));
        }
        table.print(console.out());
        console.out().println("report: " + facts.report());
    }

    private static String text(Spread spread, double factor, String form) {
        String mean = String.format(Locale.ROOT, form, factor * spread.mean());
        return spread.sd() == null ? mean : mean + " ± " + String.format(Locale.ROOT, form, factor * spread.sd());
    }
}
