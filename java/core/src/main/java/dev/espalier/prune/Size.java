package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/**
 * How large a model is.
 *
 * @param parameters weights, biases, normalisation scale and shift; not running statistics
 * @param macs multiply-accumulates with weights per sample
 * @param sparsity the share of the parameters that are exactly zero
 */
public record Size(long parameters, long macs, double sparsity) {
    /** Measures a graph with its weights. */
    public static Size of(Graph graph, Map<String, Tensor> weights) {
        double zeros = 0;
        for (String parameter : graph.parameters().keySet()) {
            Tensor weight = weights.get(parameter);
            if (weight != null && weight.dtype().isFloating() && !graph.isStatistic(parameter)) {
                try (Scope scope = Scope.open()) {
                    zeros += weight.detach().eq(0).sum().item();
                }
            }
        }
        long parameters = graph.parameterCount();
        return new Size(parameters, graph.macs(), parameters == 0 ? 0 : zeros / parameters);
    }
}
