package dev.espalier.pipeline;

import dev.espalier.data.Batches;
import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.prune.Budget;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Compacted;
import dev.espalier.prune.Compaction;
import dev.espalier.prune.CompactionReport;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.Growth;
import dev.espalier.prune.Layers;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Measure;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Pruner;
import dev.espalier.prune.PruningException;
import dev.espalier.prune.Regrowth;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.GradientEvidence;
import dev.espalier.train.Listener;
import dev.espalier.train.Snapshot;
import dev.espalier.train.Step;
import dev.espalier.train.StepReport;
import dev.espalier.train.TrainingState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/** Where a run stands between and within its stages: the model in training, what is masked, what was measured. */
final class RunState implements Listener, AutoCloseable {
    private static final SavedMask KEPT = new SavedMask("kept/");
    private static final SavedMask DOOMED = new SavedMask("doomed/");
    private static final String EARLY = "early/";
    private static final String TEACHER = "teacher/";

    private final TrainingState training;
    private final @Nullable PruningRecipe recipe;
    private final DoubleConsumer shares;
    /** Of the dense graph; none once channels have been cut. */
    private @Nullable Pruner pruner;

    private final Held<Mask> mask = new Held<>("pruning mask", Mask.all());
    /** What is chosen to go, as a mask without it. */
    private final Held<Mask> doomed = new Held<>("mask of what is to go", Mask.all());
    /** Its bits by parameter, spelt out. */
    private final Held<Bits> doomedBits = new Held<>("bits of what is to go", new Bits(Map.of()));
    /** All tensors at the step that a lottery goes back to. */
    private final Held<Tensors> early = new Held<>("early weights", new Tensors(Map.of()));
    /** All tensors of the dense model, where a fit learns from it. */
    private final Held<Tensors> teacher = new Held<>("teacher", new Tensors(Map.of()));

    private @Nullable Step remembering;
    private long exchanges;
    private int stage;
    private boolean prunedInFit;
    private double target;
    private double trainedMacs;
    private @Nullable Measured before;
    private @Nullable CompactionReport compaction;
    private @Nullable LatencyReport latency;

    /**
     * {@code training} now belongs to this.
     *
     * @param prunable the graph that masks are of; none once channels have been cut
     * @param shares hears of {@link #target} when it changes
     */
    RunState(TrainingState training, Optional<PruningRecipe> recipe, Optional<Graph> prunable, DoubleConsumer shares) {
        this.training = training;
        this.shares = shares;
        this.recipe = recipe.orElse(null);
        this.pruner = prunable.flatMap(graph -> recipe.map(given -> new Pruner(graph, given.policy())))
                .orElse(null);
    }

    TrainingState training() {
        return training;
    }

    int stage() {
        return stage;
    }

    void enter(int index) {
        prunedInFit &= index == stage;
        stage = index;
    }

    /** Whether the pruning inside the fit of this stage is over. */
    boolean isPrunedInFit() {
        return prunedInFit;
    }

    void endPruningInFit() {
        prunedInFit = true;
    }

    /** The share removed so far, as a target. */
    double target() {
        return target;
    }

    /** Multiply-accumulates of all forward passes of training so far. */
    double trainedMacs() {
        return trainedMacs;
    }

    @Override
    public void stepEnd(StepReport report) {
        trainedMacs += (double) training.graph().macs() * report.samples();
        if (report.position().equals(remembering)) {
            copyTo(early);
        }
    }

    Measured before() {
        if (before == null) {
            throw new IllegalStateException("the dense model has not been measured yet");
        }
        return before;
    }

    void measured(Measured dense) {
        before = dense;
    }

    Optional<CompactionReport> compaction() {
        return Optional.ofNullable(compaction);
    }

    /** What was measured when a latency target was last pruned to. */
    Optional<LatencyReport> latency() {
        return Optional.ofNullable(latency);
    }

    /**
     * Narrows the mask to {@code share} by evidence from the weights as they are and, if needed, from {@code batches}; {@code told}
     * hears of measurements that this takes.
     */
    void prune(double share, Batches batches, Consumer<String> told) {
        try (Scope scope = Scope.open()) {
            narrow(next(share, batches, told), share);
        }
    }

    /** Chooses what a later {@link #pruneDoomed} removes. */
    void doom(double share, Batches batches) {
        try (Scope scope = Scope.open()) {
            doomed.hold(next(share, batches, line -> {}));
            spellDoomed();
        }
    }

    private void spellDoomed() {
        doomedBits.hold(new Bits(ElementMasks.of(pruner().groups(), doomed.value(), training.device())));
    }

    /** Per parameter the bits of what stays when the chosen goes. */
    Map<String, BitMask> doomed() {
        return doomedBits.value().byParameter();
    }

    void pruneDoomed(double share) {
        try (Scope scope = Scope.open()) {
            Map<String, BitMask> elements = new LinkedHashMap<>();
            doomed.value()
                    .elements()
                    .forEach((name, bits) ->
                            elements.put(name, new BitMask(bits.words().copy(), bits.shape())));
            narrow(Mask.of(elements, doomed.value().channels()), share);
        }
        doomed.hold(Mask.all());
        doomedBits.hold(new Bits(Map.of()));
    }

    /** Lets removed weights come back by their gradients until {@code share} is removed. */
    void widen(double share, Batches batches) {
        try (Scope scope = Scope.open()) {
            Regrowth regrowth = new Regrowth(training.graph(), recipe().policy());
            narrow(regrowth.widen(mask.value(), evidence(true, batches), share, new Growth.ByGradient()), share);
        }
    }

    /** Exchanges a fraction of the kept weights at the {@code moment}-th moment. */
    void exchange(double fraction, boolean byGradient, long moment, Batches batches) {
        try (Scope scope = Scope.open()) {
            Policy policy = recipe().policy();
            Growth growth = byGradient ? new Growth.ByGradient() : new Growth.AtRandom(policy.seed() + moment);
            Regrowth regrowth = new Regrowth(training.graph(), policy);
            narrow(regrowth.exchange(mask.value(), evidence(byGradient, batches), fraction, growth), target);
        }
        exchanges = moment;
    }

    /** The last moment at which weights were exchanged, counted from 1. */
    long exchanges() {
        return exchanges;
    }

    private void narrow(Mask next, double share) {
        mask.hold(next);
        training.mask(ElementMasks.of(pruner().groups(), mask.value(), training.device()));
        target = share;
        shares.accept(share);
    }

    private Mask timed(PruningRecipe given, Pruner on, Evidence evidence, double share, Consumer<String> told) {
        try (Model dense = RaceModel.of(training)) {
            LatencyPruning.Outcome outcome = LatencyPruning.on(
                            training.device(), given.probe().batch(), dense, on, told)
                    .next(mask.value(), evidence, share);
            latency = outcome.report();
            return outcome.mask();
        }
    }

    private Mask next(double share, Batches batches, Consumer<String> told) {
        Pruner pruner = pruner();
        PruningRecipe recipe = recipe();
        MeasuredEvidence measured = new MeasuredEvidence(training, pruner.groups(), recipe);
        if (recipe.shrunkBelow() > 0) {
            return new ShrunkMask(pruner.groups(), recipe.policy(), measured.weights()).below(recipe.shrunkBelow());
        }
        Evidence evidence = measured.of(mask.value(), batches, told);
        return recipe.policy().budget().of() == Budget.Of.LATENCY
                ? timed(recipe, pruner, evidence, share, told)
                : pruner.next(mask.value(), evidence, share);
    }

    /** What regrowth goes by: weights, and mean gradients if asked for. */
    private Evidence evidence(boolean gradients, Batches batches) {
        MeasuredEvidence measured = new MeasuredEvidence(training, pruner().groups(), recipe());
        Evidence evidence = Evidence.ofWeights(measured.weights());
        return gradients
                ? evidence.with(
                        Measure.GRADIENTS,
                        GradientEvidence.collect(
                                training, batches, recipe().probe().gradientBatches()))
                : evidence;
    }

    private Pruner pruner() {
        if (pruner == null) {
            throw new IllegalStateException("nothing is left to prune after compaction");
        }
        return pruner;
    }

    private PruningRecipe recipe() {
        if (recipe == null) {
            throw new IllegalStateException("this run does not prune");
        }
        return recipe;
    }

    /** Remembers all tensors when the fit reaches {@code step}, at once if it stands there. */
    void rememberAt(Step step) {
        remembering = step;
        if (training.position().equals(step)) {
            copyTo(early);
        }
    }

    private void copyTo(Held<Tensors> held) {
        try (Scope scope = Scope.open()) {
            held.hold(Tensors.copyOf(training.tensors()));
        }
    }

    /** Gives what is kept the values that were remembered. */
    void rewind() {
        if (early.value().byName().isEmpty()) {
            throw new PruningException("training ended at " + training.position() + ", before " + remembering
                    + ", to which the lottery goes back: lower rewind-epochs, or raise patience");
        }
        Map<String, Tensor> values = new TreeMap<>(early.value().byName());
        values.keySet().retainAll(training.tensors().keySet());
        training.load(values);
    }

    /** Takes the model as it is, to learn from later. */
    void becomeTeacher() {
        copyTo(teacher);
    }

    /** All tensors of the teacher, by name; of the graph that the run began with. */
    Map<String, Tensor> teacher() {
        return teacher.value().byName();
    }

    /**
     * Removes masked channels or layers from weights, optimiser state and graph, if any are masked and still there; the first images of
     * {@code batches} prove that the model stays the same.
     */
    Optional<CompactionReport> compact(Batches batches) {
        if (pruner == null) {
            return Optional.empty();
        }
        boolean layers = recipe().policy().pattern() == Pattern.LAYER;
        ChannelGroups groups = layers ? ChannelGroups.trace(training.graph()) : pruner.groups();
        Mask going = layers
                ? Mask.ofLayers(Layers.of(training.graph()).among(mask.value().layers()))
                : mask.value();
        if (!going.isStructural()) {
            return Optional.empty();
        }
        List<String> inputs = List.copyOf(training.graph().inputs().keySet());
        try (Scope scope = Scope.open();
                Model masked = training.model(Metadata.NONE);
                Compacted compacted = Compaction.compact(
                        masked, groups, going, training.optimizer().state(), batches.halves(inputs))) {
            training.replace(compacted.model(), compacted.state(), compacted.elements());
            compaction = compacted.outcome().after(compaction());
        }
        if (!layers) {
            mask.hold(Mask.all());
            pruner = null;
        }
        return compaction();
    }

    @Override
    public void save(Snapshot.Builder snapshot) {
        snapshot.fact("run/stage", stage)
                .fact("run/pruned-in-fit", Boolean.toString(prunedInFit))
                .fact("run/target", target)
                .fact("run/compacted", compaction != null)
                .fact("run/trained-macs", trainedMacs);
        if (before != null) {
            RunRecords.save(snapshot, before);
        }
        if (compaction != null) {
            RunRecords.save(snapshot, compaction);
        }
        if (latency != null) {
            RunRecords.save(snapshot, latency);
        }
        snapshot.fact("run/exchanges", exchanges);
        KEPT.saveChannels(snapshot, mask.value());
        DOOMED.save(snapshot, doomed.value());
        snapshot.tensors(EARLY, early.value().byName())
                .tensors(TEACHER, teacher.value().byName());
    }

    @Override
    public void restore(Snapshot snapshot) {
        stage = snapshot.integer("run/stage");
        prunedInFit = Boolean.parseBoolean(snapshot.fact("run/pruned-in-fit"));
        target = snapshot.real("run/target");
        if (recipe != null) {
            shares.accept(target);
        }
        trainedMacs = snapshot.real("run/trained-macs");
        before = RunRecords.measured(snapshot).orElse(null);
        compaction = RunRecords.compaction(snapshot).orElse(null);
        latency = RunRecords.latency(snapshot).orElse(null);
        exchanges = snapshot.wholeNumber("run/exchanges");
        try (Scope scope = Scope.open()) {
            Map<String, BitMask> elements = new LinkedHashMap<>();
            if (recipe != null && recipe.policy().pattern() == Pattern.ELEMENT) {
                training.masks()
                        .forEach((name, bits) ->
                                elements.put(name, new BitMask(bits.words().copy(), bits.shape())));
            }
            mask.hold(Mask.of(elements, KEPT.channels(snapshot)).narrow(KEPT.layers(snapshot)));
            doomed.hold(DOOMED.restore(snapshot, training.graph(), training.device()));
            if (pruner != null) {
                spellDoomed();
            }
            early.hold(restored(snapshot, EARLY));
            teacher.hold(restored(snapshot, TEACHER));
        }
    }

    private Tensors restored(Snapshot snapshot, String prefix) {
        Map<String, Tensor> placed = new TreeMap<>();
        snapshot.tensorsUnder(prefix).forEach((name, tensor) -> placed.put(name, tensor.to(training.device())));
        return Tensors.copyOf(placed);
    }

    @Override
    public void close() {
        List.of(mask, doomed, doomedBits, early, teacher).forEach(Held::close);
        training.close();
    }
}
