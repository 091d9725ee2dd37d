package dev.espalier.train;

import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.UpdateRule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An update rule with its state: for each parameter, by name, one tensor of the parameter's shape per slot, so that
 * whoever slices or masks a parameter can do the same to its state.
 */
public final class Optimizer implements AutoCloseable {
    private final OptimizerRecipe recipe;
    private final Scope owner = Scope.owner("optimizer");
    private final SortedMap<String, List<Tensor>> state = new TreeMap<>();
    private long updates;

    private Optimizer(OptimizerRecipe recipe) {
        this.recipe = recipe;
    }

    /** The rule of {@code recipe} for {@code parameters}, its state all zero. */
    public static Optimizer create(OptimizerRecipe recipe, Map<String, Tensor> parameters) {
        Optimizer optimizer = new Optimizer(recipe);
        try (Scope scope = Scope.open()) {
            SortedMap<String, List<Tensor>> zeros = new TreeMap<>();
            parameters.forEach((name, parameter) -> {
                List<Tensor> slots = new ArrayList<>();
                for (int i = 0; i < optimizer.slots().size(); i++) {
                    slots.add(Tensor.zeros(
                            parameter.dtype(),
                            parameter.device(),
                            parameter.shape().toArray()));
                }
                zeros.put(name, slots);
            });
            optimizer.adopt(zeros);
        }
        return optimizer;
    }

    /** The names of the state tensors that each parameter has. */
    public List<String> slots() {
        if (recipe.kind() != OptimizerRecipe.Kind.SGD) {
            return List.of("mean", "square");
        }
        return recipe.momentum().coefficient() > 0 ? List.of("velocity") : List.of();
    }

    /**
     * One update of every parameter that has a gradient.
     *
     * @param masks by parameter; what is masked becomes zero, in the parameter and in its state
     * @param gradientScale what every gradient is multiplied by
     */
    public void update(
            Map<String, Tensor> parameters, Map<String, BitMask> masks, double learningRate, double gradientScale) {
        updates++;
        List<UpdateRule.Parameter> moved = new ArrayList<>();
        try (Scope scope = Scope.open()) {
            parameters.forEach((name, parameter) -> {
                Tensor gradient = parameter.grad();
                if (gradient != null) {
                    moved.add(new UpdateRule.Parameter(
                            parameter, gradient, state(name), masks.get(name), decay(parameter)));
                }
            });
            if (!moved.isEmpty()) {
                Kernels.on(moved.get(0).weight().device()).update(rule(learningRate), moved, gradientScale);
            }
        }
    }

    private UpdateRule rule(double learningRate) {
        OptimizerRecipe.Momentum momentum = recipe.momentum();
        OptimizerRecipe.Moments moments = recipe.moments();
        return switch (recipe.kind()) {
            case SGD -> new UpdateRule.Sgd(learningRate, momentum.coefficient(), momentum.nesterov());
            case ADAM, ADAMW ->
                new UpdateRule.Adam(
                        learningRate,
                        moments.beta1(),
                        moments.beta2(),
                        moments.epsilon(),
                        recipe.kind() == OptimizerRecipe.Kind.ADAMW,
                        updates);
        };
    }

    /** Decay spares biases and normalisation, that is what has fewer than two axes, unless the recipe says otherwise. */
    private double decay(Tensor parameter) {
        return recipe.decayAll() || parameter.rank() > 1 ? recipe.weightDecay() : 0;
    }

    /** Updates made so far. */
    public long updates() {
        return updates;
    }

    /** The state tensors of one parameter, in the order of {@link #slots}. */
    public List<Tensor> state(String parameter) {
        List<Tensor> slots = state.get(parameter);
        if (slots == null) {
            throw new IllegalArgumentException(
                    "the optimiser knows no parameter '" + parameter + "'; it was made for " + state.keySet());
        }
        return slots;
    }

    /** State tensors by parameter, in the order of {@link #slots}. */
    public SortedMap<String, List<Tensor>> state() {
        return Collections.unmodifiableSortedMap(state);
    }

    /** Puts sliced state in the place of the old; {@code sliced} names every parameter that still exists. */
    public void replaceState(Map<String, List<Tensor>> sliced) {
        sliced.forEach((name, slots) -> {
            if (slots.size() != slots().size()) {
                throw new IllegalArgumentException("parameter '" + name + "' needs the state tensors " + slots()
                        + ", got " + slots.size() + " tensors");
            }
        });
        List<Tensor> old = new ArrayList<>();
        state.values().forEach(old::addAll);
        state.clear();
        adopt(sliced);
        old.removeAll(all());
        old.forEach(Tensor::close);
    }

    private List<Tensor> all() {
        return state.values().stream().flatMap(List::stream).toList();
    }

    private void adopt(Map<String, List<Tensor>> tensors) {
        tensors.forEach((name, slots) ->
                state.put(name, slots.stream().map(owner::adopt).toList()));
    }

    void save(Snapshot.Builder snapshot) {
        snapshot.fact("optimizer/updates", updates);
        state.forEach((name, slots) -> {
            for (int i = 0; i < slots.size(); i++) {
                snapshot.tensor("optimizer/" + slots().get(i) + "/" + name, slots.get(i));
            }
        });
    }

    void restore(Snapshot snapshot) {
        updates = snapshot.wholeNumber("optimizer/updates");
        try (Grad guard = Grad.disabled()) {
            state.forEach((name, slots) -> {
                for (int i = 0; i < slots.size(); i++) {
                    slots.get(i).copyInPlace(snapshot.tensor("optimizer/" + slots().get(i) + "/" + name));
                }
            });
        }
    }

    @Override
    public void close() {
        owner.close();
    }
}
