package dev.espalier.cli;

import dev.espalier.data.DataSets;
import dev.espalier.model.InputIndices;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Provenance;
import dev.espalier.pipeline.Checkpointing;
import dev.espalier.pipeline.GatedRun;
import dev.espalier.pipeline.LatencyPruning;
import dev.espalier.pipeline.PruningRecipe;
import dev.espalier.pipeline.PruningRun;
import dev.espalier.pipeline.RunOutcome;
import dev.espalier.pipeline.RunPlan;
import dev.espalier.pipeline.RunSetting;
import dev.espalier.pipeline.ShrunkMask;
import dev.espalier.pipeline.SliceGate;
import dev.espalier.prune.Budget;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Compacted;
import dev.espalier.prune.Compaction;
import dev.espalier.prune.CompactionReport;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.ExplicitKeep;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Permutation;
import dev.espalier.prune.Pruner;
import dev.espalier.prune.Spared;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.train.Recipe;
import dev.espalier.train.SettingKey;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** Removes channels, layers or single weights of a model, proves the result, and fine-tunes it where data is given. */
@Command(name = "prune", description = "Make a model smaller or sparser, and prove that it computes what was kept.")
final class PruneCommand extends Subcommand {
    static final SettingFlags RECIPE = new SettingFlags(PruningRecipe.keys());

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ModelArgument model = new ModelArgument();

    @Mixin
    private OutputArgument output = new OutputArgument();

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Mixin
    private DataFlags data = new DataFlags();

    @Mixin
    private RunFolder runFolder = new RunFolder();

    @Mixin
    private GateFlags gate = new GateFlags();

    @Mixin
    private WatchOption watch = new WatchOption();

    @Mixin
    private VocabularyFlags vocabulary = new VocabularyFlags();

    @Option(
            names = "--ignore",
            paramLabel = "NODE",
            description = "A node, or a block such as a branch, to leave alone; may be repeated.")
    private Set<String> ignored = new LinkedHashSet<>();

    @Option(
            names = "--keep",
            paramLabel = "FILE",
            description = "Prune exactly this choice: JSON {\"<parameter>\": {\"<axis>\": [kept indices]}}.")
    private @Nullable Path keep;

    @Option(
            names = "--finetune-epochs",
            paramLabel = "N",
            description = "Epochs of training after pruning (default: those of --recipe, without it 0); needs --data.")
    private @Nullable Integer finetuneEpochs;

    @Option(
            names = "--recipe",
            paramLabel = "R.yaml",
            description = "Settings of fine-tuning as a YAML map, those of train; lr is 0.01 unless it says otherwise.")
    private @Nullable Path recipe;

    PruneCommand(Console console) {
        super(console);
    }

    @Override
    void run() {
        output.check();
        Map<String, Object> given = given();
        PruningRecipe chosen = SettingFlags.checked("", given, map -> PruningRecipe.fromMap(map, ignored));
        Optional<Recipe> tuning = fineTuning();
        checkCombination(given, chosen, tuning.isPresent());
        Device on = device.device();
        PruningFacts facts;
        try (Model read = model.read()) {
            facts = watch.during(
                    console,
                    "Pruning to " + output.name(),
                    () -> data.given() ? withData(read, chosen, tuning, on) : withoutData(read, chosen, on));
        }
        json.print(console, facts, () -> facts.print(console));
    }

    private Map<String, Object> given() {
        return RECIPE.given(parsed());
    }

    private ParseResult parsed() {
        if (spec == null) {
            throw new IllegalStateException("the command line has not been parsed");
        }
        return spec.commandLine().getParseResult();
    }

    private void checkCombination(Map<String, Object> given, PruningRecipe chosen, boolean tunes) {
        if (keep != null && (!given.isEmpty() || data.given())) {
            throw new BadInput("--keep says exactly what stays; leave out "
                    + (given.isEmpty()
                            ? "--data"
                            : "--" + given.keySet().iterator().next()));
        }
        if (vocabulary.given() && (keep != null || data.given())) {
            throw new BadInput("--vocabulary removes rows of an embedding alone; leave out "
                    + (keep != null ? "--keep" : "--data"));
        }
        if (tunes && !data.given()) {
            throw new BadInput("fine-tuning needs labelled images: add --data DIR");
        }
        if (chosen.policy().needsData() && !data.given()) {
            throw new BadInput((chosen.policy().criterion().needsData()
                            ? "criterion " + SettingKey.label(chosen.policy().criterion())
                            : "scope " + SettingKey.label(chosen.policy().scope()))
                    + " is measured on labelled images: add --data DIR");
        }
        if (chosen.prunesInTraining() && !tunes) {
            throw new BadInput(
                    "this --prune-schedule prunes during fine-tuning: add --finetune-epochs N or --recipe R.yaml");
        }
        if (chosen.reestimateBatches() > 0 && !data.given()) {
            throw new BadInput("--reestimate-batches takes statistics from images: add --data DIR");
        }
        if (tunes) {
            runFolder.check(output);
        } else if (runFolder.resumes()) {
            throw new BadInput("--resume is for fine-tuning: add --finetune-epochs N or --recipe R.yaml");
        }
        if (!chosen.policy().spared().open().isEmpty() && data.given()) {
            throw new BadInput("--inputs: images are always fed whole; leave out --data");
        }
        if (watch.given() && !data.given()) {
            throw new BadInput("--watch shows how training goes: add --data DIR");
        }
        if (gate.asked().isPresent() && !data.given()) {
            throw new BadInput("--max-slice-drop compares on labelled samples: add --data DIR");
        }
        if (runFolder.given() && !data.given()) {
            throw new BadInput("--run-dir keeps what was measured on labelled images: add --data DIR");
        }
    }

    private PruningFacts withoutData(Model dense, PruningRecipe chosen, Device on) {
        Metadata metadata = provenance(dense.metadata(), chosen);
        try (Scope scope = Scope.open();
                Model placed = new Model(dense.graph(), dense.weights().to(on), metadata)) {
            if (vocabulary.given()) {
                return rows(placed, chosen);
            }
            if (!chosen.permute()) {
                return removed(placed, chosen, on);
            }
            try (Permutation.Permuted permuted = Permutation.of(placed, chosen.policy())) {
                console.err().println(permuted);
                return removed(permuted.model(), chosen, on);
            }
        }
    }

    /** What goes, and how long what is left takes, if that was asked for. */
    private record Choice(
            ChannelGroups groups, Mask mask, @Nullable Timed timed) {}

    private Choice choice(Model placed, PruningRecipe chosen, Device on) {
        if (keep != null) {
            Map<String, Map<Integer, long[]>> given = KeepFile.read(keep);
            Spared spared = new Spared(ignored, false, 0, open(placed, given));
            ChannelGroups groups = ChannelGroups.trace(placed.graph(), spared);
            return new Choice(groups, ExplicitKeep.mask(groups, given), null);
        }
        refuseImages(placed, chosen.policy().spared().open());
        Pruner pruner = new Pruner(placed.graph(), chosen.policy());
        ChannelGroups groups = pruner.groups();
        Evidence evidence = Evidence.ofWeights(placed.weights().asMap());
        if (chosen.policy().budget().of() == Budget.Of.LATENCY) {
            LatencyPruning.Outcome outcome = LatencyPruning.on(
                            on, chosen.probe().batch(), placed, pruner, console.err()::println)
                    .next(Mask.all(), evidence, chosen.policy().budget().target());
            return new Choice(groups, outcome.mask(), Timed.of(outcome.report()));
        }
        Mask mask = chosen.shrunkBelow() > 0
                ? new ShrunkMask(groups, chosen.policy(), evidence.weights()).below(chosen.shrunkBelow())
                : pruner.next(Mask.all(), evidence);
        return new Choice(groups, mask, null);
    }

    private PruningFacts removed(Model placed, PruningRecipe chosen, Device on) {
        try (Scope scope = Scope.open()) {
            Choice choice = choice(placed, chosen, on);
            try (Compacted compacted = Compaction.compact(placed, choice.groups(), choice.mask())) {
                CompactionReport report = compacted.outcome();
                Model left = compacted.model();
                output.write(left.withMetadata(told(left.metadata(), report.layers())));
                return !choice.mask().isStructural()
                        ? new PruningFacts(
                                report.before(),
                                report.after(),
                                null,
                                List.of(),
                                null,
                                null,
                                List.of(),
                                null,
                                choice.timed())
                        : new PruningFacts(
                                report.before(),
                                report.after(),
                                report.check(),
                                report.approximations(),
                                named(report.layers()),
                                taken(left),
                                report.frozen(),
                                null,
                                choice.timed());
            }
        }
    }

    /** The inputs that a choice names. */
    private static Map<String, Set<Integer>> open(Model model, Map<String, Map<Integer, long[]>> choice) {
        Map<String, Set<Integer>> open = new LinkedHashMap<>();
        choice.forEach((name, axes) -> {
            if (model.graph().inputs().containsKey(name)) {
                open.put(name, axes.keySet());
            }
        });
        refuseImages(model, open);
        return open;
    }

    private static @Nullable Map<String, int[]> taken(Model model) {
        Map<String, int[]> taken = new LinkedHashMap<>();
        model.graph().inputs().forEach((input, type) -> {
            for (int axis = 1; axis < type.rank(); axis++) {
                String place = input + ":" + axis;
                InputIndices.of(model.metadata(), input, axis).ifPresent(kept -> taken.put(place, kept));
            }
        });
        return taken.isEmpty() ? null : taken;
    }

    private static void refuseImages(Model model, Map<String, Set<Integer>> open) {
        if (!open.isEmpty() && model.metadata().imagePreprocessing().isPresent()) {
            throw new BadInput("inputs " + open.keySet() + " are made from images, all of whose channels and pixels the"
                    + " model's preprocessing gives; only other inputs can lose something");
        }
    }

    private static @Nullable List<String> named(List<String> layers) {
        return layers.isEmpty() ? null : layers;
    }

    private PruningFacts rows(Model placed, PruningRecipe chosen) {
        try (Compacted compacted = vocabulary.cut(placed, chosen.policy())) {
            output.write(compacted.model());
            CompactionReport report = compacted.outcome();
            return new PruningFacts(
                    report.before(), report.after(), report.check(), List.of(), null, null, List.of(), null, null);
        }
    }

    private static Metadata told(Metadata given, List<String> layers) {
        return layers.isEmpty()
                ? given
                : given.withProvenance(given.provenance().with("prune.layers", String.join(" ", layers)));
    }

    private Metadata provenance(Metadata given, PruningRecipe chosen) {
        Provenance provenance = given.provenance();
        if (keep != null) {
            return given.withProvenance(provenance.with("prune.keep", keep.toString()));
        }
        for (Map.Entry<String, String> fact : chosen.facts().entrySet()) {
            provenance = provenance.with("prune." + fact.getKey(), fact.getValue());
        }
        return given.withProvenance(provenance);
    }

    private PruningFacts withData(Model dense, PruningRecipe chosen, Optional<Recipe> fineTuning, Device on) {
        RunPlan plan = SettingFlags.checked("", () -> new RunPlan(Optional.empty(), Optional.of(chosen), fineTuning));
        HeldOut held = HeldOut.of(dense, fineTuning.orElseGet(Recipe::defaults), console);
        try (DataSets sets = data.open(console, held, dense.metadata());
                TrainingProgress progress = new TrainingProgress(console)) {
            DataSets fed = data.fitted(console, sets, dense);
            IntFunction<RunSetting> settings = retry -> {
                Checkpointing checkpoints = runFolder.open(output, retry);
                return new RunSetting(fed, on, fineTuning.map(fit -> checkpoints), watch.listeners(progress));
            };
            long begun = System.nanoTime();
            RunSetting setting = settings.apply(0);
            Optional<SliceGate> asked = gate.asked();
            try (RunOutcome outcome = asked.isEmpty()
                    ? PruningRun.run(dense, plan, setting)
                    : GatedRun.run(dense, plan, settings, asked.get(), console.err()::println)) {
                Optional<CompactionReport> removal = outcome.compaction();
                double seconds = (System.nanoTime() - begun) / 1e9;
                output.write(held.statedIn(outcome.model()));
                runFolder.keepLast(output, outcome.last().map(held::statedIn));
                record(dense, outcome, setting, seconds);
                return new PruningFacts(
                        outcome.before().size(),
                        outcome.after().size(),
                        removal.map(CompactionReport::check).orElse(null),
                        removal.map(CompactionReport::approximations).orElse(List.of()),
                        named(removal.map(CompactionReport::layers).orElse(List.of())),
                        null,
                        removal.map(CompactionReport::frozen).orElse(List.of()),
                        new PruningFacts.Accuracy(
                                outcome.before().evaluation().accuracy(),
                                outcome.after().evaluation().accuracy()),
                        outcome.latency().map(Timed::of).orElse(null));
            }
        }
    }

    private void record(Model dense, RunOutcome outcome, RunSetting setting, double seconds) {
        String is = output.name();
        String input = model.file().getFileName().toString();
        String was = input.equals(is) ? "before" : input;
        List<Double> latencies = ModelLatencies.medians(console, List.of(dense, outcome.model()), setting.device());
        RunPage.Made before = new RunPage.Made(was, dense.graph(), outcome.before(), List.of(), latencies.get(0));
        RunPage.Made after = RunPage.Made.of(is, outcome, latencies.get(1));
        RunPage page = new RunPage(List.of(before, after), setting.measuredSplit(), outcome.steps());
        Map<String, String> facts = new LinkedHashMap<>(RunFacts.of(parsed(), data.folder(), setting, seconds));
        outcome.latency()
                .map(Timed::of)
                .ifPresent(timed -> facts.put("latency target " + timed.target(), timed.told()));
        RunRecord.write(runFolder.of(output), page.report("Pruning of " + input + " to " + is, facts));
    }

    /** The recipe of fine-tuning, if that is asked for: by its file, by a number of epochs, or by both, which then has the last word. */
    private Optional<Recipe> fineTuning() {
        if (finetuneEpochs != null && finetuneEpochs < 0) {
            throw new BadInput("--finetune-epochs must be at least 0, got " + finetuneEpochs);
        }
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("lr", 0.01);
        if (recipe != null) {
            settings.putAll(RecipeFile.read(recipe));
        }
        if (finetuneEpochs != null || recipe == null) {
            settings.put("epochs", finetuneEpochs == null ? 0 : finetuneEpochs);
        } else if (!settings.containsKey("epochs")) {
            throw new BadInput(recipe + " does not say for how many epochs: add --finetune-epochs N");
        }
        Recipe tuning = SettingFlags.checked(recipe == null ? "" : recipe + ": ", settings, Recipe::fromMap);
        return Optional.of(tuning).filter(fit -> fit.length().epochs() > 0);
    }
}
