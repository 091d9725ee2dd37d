package dev.espalier.train;

import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.plan.Trial;
import dev.espalier.plan.Trials;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A model in training: its graph, its tensors on one device, the optimiser with its state, masks, and the position reached. */
public final class TrainingState implements AutoCloseable {
    private static final String TRIAL = "trial/";

    private final Device device;
    private final Scope owner = Scope.owner("training state");
    private final SortedMap<String, Tensor> parameters = new TreeMap<>();
    private final SortedMap<String, Tensor> constants = new TreeMap<>();
    private final SortedMap<String, BitMask> masks = new TreeMap<>();
    private Graph graph;
    private Optimizer optimizer;
    private Progress progress = new Progress();
    private @Nullable WeightAverage average;
    private int maskings;
    private final SortedMap<String, Trial> trials = new TreeMap<>();

    private TrainingState(Graph graph, Map<String, Tensor> tensors, OptimizerRecipe recipe, Device device) {
        this.graph = graph;
        this.device = device;
        adopt(tensors);
        this.optimizer = Optimizer.create(recipe, parameters);
    }

    /** Copies a model's tensors to {@code device} for training by {@code recipe}; the model stays as it is. */
    public static TrainingState of(Model model, OptimizerRecipe recipe, Device device) {
        return new TrainingState(model.graph(), model.weights().asMap(), recipe, device);
    }

    private void adopt(Map<String, Tensor> tensors) {
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            tensors.forEach((name, tensor) -> {
                Tensor mine = owner.adopt(tensor.to(device).copy());
                if (trainable(graph, name, tensor)) {
                    mine.setRequiresGrad(true);
                    parameters.put(name, mine);
                } else {
                    constants.put(name, mine);
                }
            });
        }
    }

    /** What the optimiser moves: floating parameters other than running statistics and scalar constants. */
    private static boolean trainable(Graph graph, String name, Tensor tensor) {
        return tensor.dtype() == DType.F32 && tensor.rank() > 0 && !graph.isStatistic(name);
    }

    public Graph graph() {
        return graph;
    }

    public Device device() {
        return device;
    }

    /** The tensors that the optimiser moves, by name. */
    public SortedMap<String, Tensor> parameters() {
        return Collections.unmodifiableSortedMap(parameters);
    }

    /** One tensor that the optimiser moves. */
    public Tensor parameter(String name) {
        Tensor parameter = parameters.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException(
                    "no parameter is called '" + name + "'; there are " + parameters.keySet());
        }
        return parameter;
    }

    /** All tensors of the graph: parameters, running statistics, constants. */
    public SortedMap<String, Tensor> tensors() {
        SortedMap<String, Tensor> all = new TreeMap<>(parameters);
        all.putAll(constants);
        return all;
    }

    /** The tensors that the model is judged by: those of {@link #tensors}, in their moving average where one is kept. */
    public SortedMap<String, Tensor> judged() {
        SortedMap<String, Tensor> all = tensors();
        if (average != null) {
            all.putAll(average.tensors());
        }
        return all;
    }

    /** What training moves: parameters and running statistics. */
    private SortedMap<String, Tensor> moving() {
        SortedMap<String, Tensor> moving = new TreeMap<>(parameters);
        constants.forEach((name, constant) -> {
            if (graph.isStatistic(name)) {
                moving.put(name, constant);
            }
        });
        return moving;
    }

    /** Keeps a moving average of the tensors from now on, unless one is kept already. */
    void keepAverage(double decay) {
        if (average == null) {
            average = new WeightAverage(decay, moving());
        }
    }

    /** Tells the moving average, if one is kept, that the tensors have moved. */
    void moved() {
        if (average != null) {
            average.update(moving());
        }
    }

    /** Puts the moving average, if one is kept, in the place of the tensors; it ends with that. */
    public void settle() {
        if (average != null) {
            load(average.tensors());
            dropAverage();
        }
    }

    private void dropAverage() {
        if (average != null) {
            average.close();
            average = null;
        }
    }

    public Optimizer optimizer() {
        return optimizer;
    }

    /** The element masks that hold, by parameter. */
    public SortedMap<String, BitMask> masks() {
        return Collections.unmodifiableSortedMap(masks);
    }

    /** How often masks were put in force; as long as it stays, so do the masks and their memory. */
    int maskings() {
        return maskings;
    }

    /** The trial that decides between kernels: the one that decided before in this run, or the one of this machine. */
    Trial trial(String key, Supplier<Trial> run) {
        return trials.computeIfAbsent(key, k -> Trials.ofMachine().of(k, run));
    }

    /** The position of the next batch. */
    public Step position() {
        return progress.position();
    }

    Progress progress() {
        return progress;
    }

    /** Starts a new fit: position zero, the optimiser of {@code recipe} with its state zero, no average; weights and masks stay. */
    public void begin(OptimizerRecipe recipe) {
        begin(recipe, Step.START);
    }

    /** Starts a new fit as {@link #begin(OptimizerRecipe)} does, but at a later position. */
    public void begin(OptimizerRecipe recipe, Step at) {
        dropAverage();
        optimizer.close();
        optimizer = Optimizer.create(recipe, parameters);
        progress = Progress.at(at);
    }

    /** Starts a new fit with the optimiser and its state as they are, at position zero. */
    public void rewind() {
        progress = new Progress();
    }

    /** Puts masks in force in the place of any others: masked weights, their optimiser state and their average become zero and stay so. */
    public void mask(Map<String, BitMask> newMasks) {
        newMasks.forEach((name, mask) -> {
            Shape shape = parameter(name).shape();
            if (!shape.equals(mask.shape())) {
                throw new IllegalArgumentException(
                        "mask '" + name + "' has shape " + mask.shape() + ", but the parameter has " + shape);
            }
        });
        List<BitMask> old = List.copyOf(masks.values());
        masks.clear();
        maskings++;
        try (Scope scope = Scope.open()) {
            newMasks.forEach((name, mask) -> {
                Tensor words = owner.adopt(mask.words().to(device).copy());
                masks.put(name, new BitMask(words, mask.shape()));
            });
        }
        old.forEach(mask -> mask.words().close());
        applyMasks();
    }

    /** One update of the optimiser; whatever is masked becomes zero. */
    void update(double learningRate, double gradientScale) {
        optimizer.update(parameters, masks, learningRate, gradientScale);
    }

    /** Zeroes whatever is masked, in the weights, in the optimiser's state and in the average. */
    private void applyMasks() {
        if (masks.isEmpty()) {
            return;
        }
        List<Tensor> targets = new ArrayList<>();
        List<BitMask> over = new ArrayList<>();
        WeightAverage averaged = average;
        masks.forEach((name, mask) -> {
            targets.add(parameter(name));
            targets.addAll(optimizer.state(name));
            if (averaged != null) {
                targets.add(averaged.of(name));
            }
            while (over.size() < targets.size()) {
                over.add(mask);
            }
        });
        try (Grad guard = Grad.disabled()) {
            Kernels.on(device).apply(targets, over);
        }
    }

    /** Zeroes the gradients of masked weights, which are no parameters any more; needs an open scope. */
    void maskGradients() {
        List<Tensor> targets = new ArrayList<>();
        List<BitMask> over = new ArrayList<>();
        masks.forEach((name, mask) -> {
            Tensor gradient = parameter(name).grad();
            if (gradient != null) {
                targets.add(gradient);
                over.add(mask);
            }
        });
        if (!targets.isEmpty()) {
            Kernels.on(device).apply(targets, over);
        }
    }

    /**
     * Puts a smaller model, with its optimiser state, in the place of this one; training goes on at the same position. A moving average begins again
     * with the smaller weights.
     */
    public void replace(Model smaller, Map<String, List<Tensor>> optimizerState, Map<String, BitMask> smallerMasks) {
        List<Tensor> old = new ArrayList<>(tensors().values());
        mask(Map.of());
        parameters.clear();
        constants.clear();
        graph = smaller.graph();
        adopt(smaller.weights().asMap());
        optimizer.replaceState(optimizerState);
        if (average != null) {
            average.restart(moving());
        }
        old.forEach(Tensor::close);
        mask(smallerMasks);
    }

    /** The model as it is now, in tensors of its own. */
    public Model model(Metadata metadata) {
        return new Model(graph, Weights.copyOf(tensors()), metadata);
    }

    /** Overwrites tensors of the graph, by name; masks hold on. */
    public void load(Map<String, Tensor> values) {
        SortedMap<String, Tensor> all = tensors();
        try (Grad guard = Grad.disabled()) {
            values.forEach((name, value) -> {
                Tensor target = all.get(name);
                if (target == null || !target.shape().equals(value.shape())) {
                    throw new EspalierException("tensor '" + name + "' of shape " + value.shape()
                            + " has no place in graph '" + graph.name() + "'");
                }
                target.copyInPlace(value);
            });
        }
        applyMasks();
    }

    /** Adds everything that a fit needs to go on, random numbers included; the graph itself is the caller's to save. */
    void save(Snapshot.Builder snapshot) {
        progress.save(snapshot);
        optimizer.save(snapshot);
        snapshot.tensors("weight/", tensors());
        if (average != null) {
            average.save(snapshot);
        }
        trials.forEach((key, trial) -> snapshot.fact(TRIAL + key, trial.denseMillis() + " " + trial.maskedMillis()));
        masks.forEach((name, mask) -> snapshot.tensor("mask/" + name, mask.words()));
        snapshot.tensor("random", randomState());
    }

    private static Tensor randomState() {
        byte[] random = Rng.state();
        return Tensor.of(random, random.length);
    }

    /** The state that {@link #save} described, for the graph it was saved with, by the recipe it was trained by. */
    static TrainingState restored(Snapshot snapshot, Graph graph, OptimizerRecipe recipe, Device device) {
        TrainingState state = new TrainingState(graph, snapshot.tensorsUnder("weight/"), recipe, device);
        state.optimizer.restore(snapshot);
        state.progress = Progress.restored(snapshot);
        if (WeightAverage.isIn(snapshot)) {
            state.average = WeightAverage.restored(snapshot, state.moving());
        }
        snapshot.factsUnder(TRIAL).forEach((key, times) -> {
            int space = times.indexOf(' ');
            double dense = Double.parseDouble(times.substring(0, space));
            state.trials.put(key, new Trial(dense, Double.parseDouble(times.substring(space + 1))));
        });
        try (Scope scope = Scope.open()) {
            SortedMap<String, BitMask> masks = new TreeMap<>();
            snapshot.tensorsUnder("mask/")
                    .forEach((name, words) ->
                            masks.put(name, new BitMask(words, graph.type(name).shape())));
            state.mask(masks);
        }
        Rng.restore(snapshot.tensor("random").toBytes());
        return state;
    }

    @Override
    public void close() {
        dropAverage();
        optimizer.close();
        owner.close();
    }
}
