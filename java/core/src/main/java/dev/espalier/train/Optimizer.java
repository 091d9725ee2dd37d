package dev.espalier.train;

import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
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
public abstract sealed class Optimizer implements AutoCloseable permits Sgd, Adam {
    private final OptimizerRecipe recipe;
    private final Scope owner = Scope.owner("optimizer");
    private final SortedMap<String, List<Tensor>> state = new TreeMap<>();
    private long updates;

    Optimizer(OptimizerRecipe recipe) {
        this.recipe = recipe;
    }

    /** The rule of {@code recipe} for {@code parameters}, its state all zero. */
    public static Optimizer create(OptimizerRecipe recipe, Map<String, Tensor> parameters) {
        Optimizer optimizer = switch (recipe.kind()) {
            case SGD -> new Sgd(recipe);
            case ADAM, ADAMW -> new Adam(recipe);
        };
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
    public abstract List<String> slots();

    /** Moves {@code parameter} against {@code gradient}, which it may overwrite. */
    abstract void update(Tensor parameter, Tensor gradient, List<Tensor> slots, double learningRate, double decay);

    /** One update of every parameter that has a gradient. */
    public final void update(Map<String, Tensor> parameters, double learningRate) {
        updates++;
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            parameters.forEach((name, parameter) -> {
                Tensor gradient = parameter.grad();
                if (gradient != null) {
                    update(parameter, gradient, state(name), learningRate, decay(parameter));
                }
            });
        }
    }

    /** Decay spares biases and normalisation, that is what has fewer than two axes, unless the recipe says otherwise. */
    private double decay(Tensor parameter) {
        return recipe.decayAll() || parameter.rank() > 1 ? recipe.weightDecay() : 0;
    }

    final OptimizerRecipe recipe() {
        return recipe;
    }

    /** Updates made so far. */
    public final long updates() {
        return updates;
    }

    /** The state tensors of one parameter, in the order of {@link #slots}. */
    public final List<Tensor> state(String parameter) {
        List<Tensor> slots = state.get(parameter);
        if (slots == null) {
            throw new IllegalArgumentException(
                    "the optimiser knows no parameter '" + parameter + "'; it was made for " + state.keySet());
        }
        return slots;
    }

    /** State tensors by parameter, in the order of {@link #slots}. */
    public final SortedMap<String, List<Tensor>> state() {
        return Collections.unmodifiableSortedMap(state);
    }

    /** Puts sliced state in the place of the old; {@code sliced} names every parameter that still exists. */
    public final void replaceState(Map<String, List<Tensor>> sliced) {
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

    final void save(Snapshot.Builder snapshot) {
        snapshot.fact("optimizer/updates", updates);
        state.forEach((name, slots) -> {
            for (int i = 0; i < slots.size(); i++) {
                snapshot.tensor("optimizer/" + slots().get(i) + "/" + name, slots.get(i));
            }
        });
    }

    final void restore(Snapshot snapshot) {
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
    public final void close() {
        owner.close();
    }
}
