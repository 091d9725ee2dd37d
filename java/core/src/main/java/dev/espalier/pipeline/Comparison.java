package dev.espalier.pipeline;

import dev.espalier.data.DataSets;
import dev.espalier.data.Source;
import dev.espalier.model.Architecture;
import dev.espalier.model.Model;
import dev.espalier.train.Listener;
import dev.espalier.train.Recipe;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Recipes times seeds on one architecture, measured on a split that nothing was chosen on, each beside the dense model it came from,
 * that model fine-tuned as long without pruning, random pruning to the same target, and a small dense network of as many
 * multiply-accumulates trained for as many epochs, or only those of these baselines that are wanted.
 *
 * @param architecture takes the samples of {@code setting}
 * @param width factor on its channels
 * @param setting its validation split is what results are stated on, its test split is not looked at; it saves nothing itself
 * @param store keeps what is finished
 * @param baselines those of {@link #BASELINES} to make
 */
public record Comparison(
        Architecture architecture, double width, RunSetting setting, Store store, Set<Kind> baselines) {
    /** What can stand beside a pruned model and the dense one that it came from. */
    public static final Set<Kind> BASELINES =
            Collections.unmodifiableSet(EnumSet.of(Kind.RANDOM, Kind.DENSE_LONGER, Kind.SMALL_DENSE));

    public Comparison {
        baselines = Set.copyOf(baselines);
        if (!BASELINES.containsAll(baselines)) {
            throw new IllegalArgumentException("baselines are of " + BASELINES + ", got " + baselines);
        }
    }

    /** What a cell holds. */
    public enum Kind {
        DENSE,
        PRUNED,
        RANDOM,
        DENSE_LONGER,
        SMALL_DENSE
    }

    /**
     * One model that was made and measured.
     *
     * @param recipe name of the recipe
     * @param usefulMacs multiply-accumulates per sample with weights other than zero
     * @param epochs of all training that led to the model
     * @param trainedMacs multiply-accumulates of the forward passes of all training that led to it
     * @param seconds of all training that led to it
     */
    public record Cell(
            String recipe,
            Kind kind,
            long seed,
            double accuracy,
            double loss,
            long parameters,
            long macs,
            double usefulMacs,
            double sparsity,
            double latencyMillis,
            int epochs,
            double trainedMacs,
            double seconds) {
        Cell named(String other) {
            return new Cell(
                    other,
                    kind,
                    seed,
                    accuracy,
                    loss,
                    parameters,
                    macs,
                    usefulMacs,
                    sparsity,
                    latencyMillis,
                    epochs,
                    trainedMacs,
                    seconds);
        }
    }

    /** Keeps finished cells, dense models and the checkpoints of the cell in work, by keys that name all that decides them. */
    public interface Store {
        Optional<Cell> cell(String key);

        void keep(String key, Cell cell);

        /** A model that was kept, to be closed by the caller. */
        Optional<Model> model(String key);

        void keep(String key, Model model);

        /** Where the run of a cell saves itself; forgotten when the cell is kept. */
        Optional<Checkpointing> checkpointing(String key);
    }

    /** Runs what the store does not hold yet, by recipe name; all cells, recipe by recipe, kind by kind, seed by seed. */
    public List<Cell> run(Map<String, RunPlan> recipes, List<Long> seeds) {
        Map<String, List<Cell>> rows = new LinkedHashMap<>();
        recipes.forEach((name, plan) -> {
            for (long seed : seeds) {
                for (Cell cell : cells(name, plan.withSeed(seed), seed)) {
                    rows.computeIfAbsent(name + "/" + cell.kind(), row -> new ArrayList<>())
                            .add(cell);
                }
            }
        });
        return rows.values().stream().flatMap(List::stream).toList();
    }

    private List<Cell> cells(String name, RunPlan plan, long seed) {
        Recipe training =
                plan.training().orElseThrow(() -> new IllegalArgumentException("recipe '" + name + "' does not train"));
        List<Cell> cells = new ArrayList<>();
        Start initial = new Start(() -> architecture.model(width, seed), "width " + width, Optional.empty());
        Start start = initial;
        if (plan.trainsDenseFirst()) {
            Cell dense = dense(name, training, seed, initial);
            cells.add(dense);
            String key = key(Kind.DENSE, RunPlan.train(training), seed, initial);
            String trained =
                    initial.name() + ", trained " + RunPlan.train(training).hash();
            start = new Start(() -> store.model(key).orElseThrow(), trained, Optional.of(dense));
        }
        if (plan.pruning().isPresent()) {
            cells.addAll(pruned(name, plan, seed, training, plan.pruning().get(), start));
        }
        return cells;
    }

    private List<Cell> pruned(
            String name, RunPlan plan, long seed, Recipe training, PruningRecipe pruning, Start start) {
        Optional<Recipe> trainedHere = plan.trainsDenseFirst() ? Optional.empty() : plan.training();
        RunPlan chosen = new RunPlan(trainedHere, Optional.of(pruning), plan.fineTuning());
        Cell pruned = made(name, Kind.PRUNED, seed, chosen, training, start);
        List<Cell> cells = new ArrayList<>(List.of(pruned));
        if (baselines.contains(Kind.RANDOM) && pruning.shrunkBelow() == 0) {
            RunPlan random = new RunPlan(trainedHere, Optional.of(pruning.random(seed)), plan.fineTuning());
            cells.add(made(name, Kind.RANDOM, seed, random, training, start));
        }
        if (baselines.contains(Kind.DENSE_LONGER)
                && start.dense().isPresent()
                && plan.fineTuning().isPresent()) {
            int epochs = pruned.epochs() - start.dense().get().epochs();
            Recipe tuning = plan.fineTuning().get().with(Map.of("epochs", epochs, "distill", 0));
            cells.add(made(name, Kind.DENSE_LONGER, seed, RunPlan.train(tuning), training, start));
        }
        if (baselines.contains(Kind.SMALL_DENSE)) {
            cells.add(smallDense(name, training, seed, pruned));
        }
        return cells;
    }

    private Cell dense(String name, Recipe training, long seed, Start initial) {
        RunPlan plan = RunPlan.train(training);
        String key = key(Kind.DENSE, plan, seed, initial);
        Optional<Model> kept = store.model(key);
        kept.ifPresent(Model::close);
        Optional<Cell> cell = store.cell(key);
        return cell.isPresent() && kept.isPresent()
                ? cell.get().named(name)
                : make(name, Kind.DENSE, seed, plan, training, initial);
    }

    private Cell smallDense(String name, Recipe training, long seed, Cell pruned) {
        double factor = Baselines.smallDenseWidth(architecture, width, Math.round(pruned.usefulMacs()));
        Start small = new Start(() -> architecture.model(factor, seed), "width " + factor, Optional.empty());
        Recipe asLong = training.with("epochs", pruned.epochs());
        return made(name, Kind.SMALL_DENSE, seed, RunPlan.train(asLong), asLong, small);
    }

    private Cell made(String name, Kind kind, long seed, RunPlan plan, Recipe training, Start start) {
        return store.cell(key(kind, plan, seed, start))
                .map(cell -> cell.named(name))
                .orElseGet(() -> make(name, kind, seed, plan, training, start));
    }

    private Cell make(String name, Kind kind, long seed, RunPlan plan, Recipe training, Start start) {
        String key = key(kind, plan, seed, start);
        setting.listeners().forEach(listener -> listener.note(name + ", " + text(kind) + ", seed " + seed));
        DataSets data = setting.data().comparing(training.data().validationFraction(), seed);
        List<Listener> listeners = setting.listeners();
        RunSetting own = new RunSetting(data, setting.device(), store.checkpointing(key), listeners);
        try (Model from = start.model().get();
                RunOutcome outcome = PruningRun.run(from, plan, own)) {
            if (kind == Kind.DENSE) {
                store.keep(key, outcome.model());
            }
            Cell cell = cell(name, kind, seed, outcome, start.dense());
            store.keep(key, cell);
            return cell;
        }
    }

    private static Cell cell(String name, Kind kind, long seed, RunOutcome outcome, Optional<Cell> before) {
        Measured after = outcome.after();
        return new Cell(
                name,
                kind,
                seed,
                after.evaluation().accuracy(),
                after.evaluation().loss(),
                after.size().parameters(),
                after.size().macs(),
                UsefulMacs.of(outcome.model()),
                after.size().sparsity(),
                after.latencyMillis(),
                outcome.history().size() + before.map(Cell::epochs).orElse(0),
                outcome.trainedMacs() + before.map(Cell::trainedMacs).orElse(0.0),
                outcome.seconds() + before.map(Cell::seconds).orElse(0.0));
    }

    /** A kind as tables and file names spell it. */
    public static String text(Kind kind) {
        return switch (kind) {
            case DENSE -> "dense";
            case PRUNED -> "pruned";
            case RANDOM -> "random";
            case DENSE_LONGER -> "dense longer";
            case SMALL_DENSE -> "small dense";
        };
    }

    /**
     * What a cell's run starts from.
     *
     * @param name what decides it, beside architecture and seed
     * @param dense the cell of the trained model that it is, if it is one
     */
    private record Start(Supplier<Model> model, String name, Optional<Cell> dense) {}

    /** A readable beginning, and a hash of all that decides the result. */
    private String key(Kind kind, RunPlan plan, long seed, Start start) {
        DataSets data = setting.data();
        String measured = data.validation().map(Source::fingerprint).orElse("");
        String decides = String.join(
                "\n",
                architecture.name(),
                Long.toString(seed),
                start.name(),
                plan.hash(),
                data.train().fingerprint(),
                measured,
                setting.device().toString());
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(decides.getBytes(StandardCharsets.UTF_8));
            return text(kind).replace(' ', '-') + "-seed" + seed + "-"
                    + HexFormat.of().formatHex(hash, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
