package dev.espalier.prune;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What scores are computed from.
 *
 * @param weights by parameter
 * @param measured what some criteria need besides, by parameter or by group
 */
public record Evidence(Map<String, Tensor> weights, Map<Measure, Map<String, Tensor>> measured) {
    public Evidence {
        weights = Map.copyOf(weights);
        Map<Measure, Map<String, Tensor>> copies = new EnumMap<>(Measure.class);
        measured.forEach((measure, tensors) -> copies.put(measure, Map.copyOf(tensors)));
        measured = Map.copyOf(copies);
        for (Map.Entry<Measure, Map<String, Tensor>> entry : measured.entrySet()) {
            if (entry.getKey().isByWeight()) {
                checkShapes(entry.getKey(), weights, entry.getValue());
            }
        }
    }

    private static void checkShapes(Measure measure, Map<String, Tensor> weights, Map<String, Tensor> tensors) {
        tensors.forEach((name, tensor) -> {
            Tensor weight = weights.get(name);
            if (weight == null || !weight.shape().equals(tensor.shape())) {
                throw new ShapeException("evidence: " + measure.noun() + " '" + name + "' has shape " + tensor.shape()
                        + " but its weight " + (weight == null ? "is missing" : "has " + weight.shape()));
            }
        });
    }

    /** Weights alone. */
    public static Evidence ofWeights(Map<String, Tensor> weights) {
        return new Evidence(weights, Map.of());
    }

    /** The same with one more measure, which replaces what was known of it. */
    public Evidence with(Measure measure, Map<String, Tensor> tensors) {
        Map<Measure, Map<String, Tensor>> all = new EnumMap<>(Measure.class);
        all.putAll(measured);
        all.put(measure, tensors);
        return new Evidence(weights, all);
    }

    Tensor weight(String parameter) {
        return finite(weights.get(parameter), "weight", parameter, "");
    }

    /** A measure of a parameter or a group. */
    Tensor of(Measure measure, String name) {
        Tensor found = measured.getOrDefault(measure, Map.of()).get(name);
        return finite(found, measure.noun(), name, "; " + measure.advice());
    }

    /** The weights of these parameters. */
    Map<String, Tensor> of(Set<String> parameters) {
        Map<String, Tensor> some = new LinkedHashMap<>();
        parameters.forEach(p -> some.put(p, weight(p)));
        return some;
    }

    boolean has(Measure measure, String name) {
        return measured.getOrDefault(measure, Map.of()).containsKey(name);
    }

    private static Tensor finite(@Nullable Tensor found, String kind, String name, String advice) {
        if (found == null) {
            throw new PruningException("evidence has no " + kind + " of '" + name + "'" + advice);
        }
        try (Scope scope = Scope.open()) {
            if (!found.allFinite()) {
                throw new PruningException("the " + kind + " of '" + name + "' holds a number that is not finite;"
                        + " the training has diverged: go back to an earlier checkpoint");
            }
        }
        return found;
    }
}
