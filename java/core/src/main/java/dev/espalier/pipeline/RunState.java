package dev.espalier.pipeline;

import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.prune.Compacted;
import dev.espalier.prune.Compaction;
import dev.espalier.prune.CompactionReport;
import dev.espalier.prune.Kept;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Pruner;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.Listener;
import dev.espalier.train.Snapshot;
import dev.espalier.train.TrainingState;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where a run stands between and within its stages: the model in training, what is masked, what was measured. */
final class RunState implements Listener, AutoCloseable {
    private static final String KEPT = "kept/";

    private final TrainingState training;
    private final @Nullable PruningRecipe recipe;
    /** Of the dense graph; none once the graph has been cut. */
    private @Nullable Pruner pruner;

    private Scope words = Scope.owner("pruning mask");
    private Mask mask = Mask.all();
    private int stage;
    private double target;
    private @Nullable Measured before;
    private @Nullable CompactionReport compaction;

    /** {@code training} now belongs to this. */
    RunState(TrainingState training, Optional<PruningRecipe> recipe, boolean compacted) {
        this.training = training;
        this.recipe = recipe.orElse(null);
        this.pruner = recipe.isEmpty() || compacted
                ? null
                : new Pruner(training.graph(), recipe.get().policy());
    }

    TrainingState training() {
        return training;
    }

    int stage() {
        return stage;
    }

    void enter(int index) {
        stage = index;
    }

    /** The share removed so far, as a target. */
    double target() {
        return target;
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

    /** Narrows the mask to {@code share} by evidence from the weights as they are and, if needed, from {@code batches}. */
    void prune(double share, Batches batches) {
        if (recipe == null || pruner == null) {
            throw new IllegalStateException("nothing is left to prune after compaction");
        }
        try (Scope scope = Scope.open()) {
            MeasuredEvidence evidence = new MeasuredEvidence(training, pruner.groups(), recipe);
            if (recipe.shrunkBelow() > 0) {
                hold(new ShrunkMask(pruner.groups(), recipe.policy(), evidence.weights()).below(recipe.shrunkBelow()));
            } else {
                hold(pruner.next(mask, evidence.of(batches), share));
            }
            training.mask(ElementMasks.of(pruner.groups(), mask, training.device()));
        }
        target = share;
    }

    private void hold(Mask next) {
        Scope holder = Scope.owner("pruning mask");
        next.tensors().forEach(holder::adopt);
        words.close();
        words = holder;
        mask = next;
    }

    /**
     * Removes masked channels from weights, optimiser state and graph, if any are masked and still there; the first images of
     * {@code batches} prove that the model stays the same.
     */
    Optional<CompactionReport> compact(Batches batches) {
        if (pruner == null || mask.channels().isEmpty()) {
            return Optional.empty();
        }
        try (Scope scope = Scope.open();
                Model masked = training.model(Metadata.NONE);
                Compacted compacted = Compaction.compact(
                        masked, pruner.groups(), mask, training.optimizer().state(), samples(batches))) {
            training.replace(compacted.model(), compacted.state(), compacted.elements());
            compaction = compacted.outcome();
        }
        hold(Mask.all());
        pruner = null;
        return compaction();
    }

    /** The two halves of the first batch. */
    private List<Map<String, Tensor>> samples(Batches batches) {
        String input = training.graph().inputs().keySet().iterator().next();
        try (Cursor cursor = batches.epoch(0, 0)) {
            Tensor images = cursor.next().inputs().to(Device.CPU);
            long half = images.size(0) / 2;
            return List.of(Map.of(input, images.narrow(0, 0, half)), Map.of(input, images.narrow(0, half, half)));
        }
    }

    @Override
    public void save(Snapshot.Builder snapshot) {
        snapshot.fact("run/stage", stage).fact("run/target", target).fact("run/compacted", compaction != null);
        if (before != null) {
            RunRecords.save(snapshot, before);
        }
        if (compaction != null) {
            RunRecords.save(snapshot, compaction);
        }
        mask.channels().forEach((group, kept) -> {
            long[] indices = Arrays.stream(kept.indices()).asLongStream().toArray();
            snapshot.fact(KEPT + group, kept.channels()).tensor(KEPT + group, Tensor.of(indices, indices.length));
        });
    }

    @Override
    public void restore(Snapshot snapshot) {
        stage = snapshot.integer("run/stage");
        target = snapshot.real("run/target");
        before = RunRecords.measured(snapshot).orElse(null);
        compaction = RunRecords.compaction(snapshot).orElse(null);
        Map<String, Kept> channels = new LinkedHashMap<>();
        snapshot.tensorsUnder(KEPT).forEach((group, indices) -> {
            int[] kept = Arrays.stream(indices.toLongArray())
                    .mapToInt(Math::toIntExact)
                    .toArray();
            channels.put(group, Kept.of(snapshot.integer(KEPT + group), kept));
        });
        Map<String, BitMask> elements = new LinkedHashMap<>();
        if (recipe != null && recipe.policy().pattern() == Pattern.ELEMENT) {
            training.masks()
                    .forEach((name, bits) ->
                            elements.put(name, new BitMask(bits.words().copy(), bits.shape())));
        }
        hold(Mask.of(elements, channels));
    }

    @Override
    public void close() {
        words.close();
        training.close();
    }
}
