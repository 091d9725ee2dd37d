package dev.espalier.prune;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** What scores are computed from: weights by parameter name, and gradients for the criteria that need them. */
public record Evidence(Map<String, Tensor> weights, Map<String, Tensor> gradients) {
    public Evidence {
        weights = Map.copyOf(weights);
        gradients = Map.copyOf(gradients);
        for (Map.Entry<String, Tensor> gradient : gradients.entrySet()) {
            Tensor weight = weights.get(gradient.getKey());
            if (weight == null || !weight.shape().equals(gradient.getValue().shape())) {
                throw new ShapeException("evidence: gradient '" + gradient.getKey() + "' has shape "
                        + gradient.getValue().shape() + " but its weight "
                        + (weight == null ? "is missing" : "has " + weight.shape()));
            }
        }
    }

    /** Weights alone. */
    public static Evidence ofWeights(Map<String, Tensor> weights) {
        return new Evidence(weights, Map.of());
    }

    Tensor weight(String parameter) {
        return find(weights, "weight", parameter);
    }

    Tensor gradient(String parameter) {
        return find(gradients, "gradient", parameter);
    }

    private static Tensor find(Map<String, Tensor> tensors, String kind, String parameter) {
        Tensor found = tensors.get(parameter);
        if (found == null) {
            throw new PruningException("evidence has no " + kind + " of '" + parameter + "'"
                    + (kind.equals("gradient") ? "; run a backward pass first or choose a criterion of weights" : ""));
        }
        try (Scope scope = Scope.open()) {
            if (!found.allFinite()) {
                throw new PruningException("the " + kind + " of '" + parameter + "' holds a number that is not finite;"
                        + " the training has diverged: go back to an earlier checkpoint");
            }
        }
        return found;
    }
}
