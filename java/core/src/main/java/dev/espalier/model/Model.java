package dev.espalier.model;

import dev.espalier.graph.Graph;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Tensor;

/** A graph with a tensor for each of its parameters and what must be known to use it; closing it closes the weights. */
public record Model(Graph graph, Weights weights, Metadata metadata) implements AutoCloseable {
    public Model {
        graph.parameters().forEach((name, type) -> check(name, type, weights));
        for (String name : weights.names()) {
            if (!graph.parameters().containsKey(name)) {
                throw new EspalierException(
                        "weight '" + name + "' belongs to no parameter of graph '" + graph.name() + "'");
            }
        }
    }

    private static void check(String name, TensorType type, Weights weights) {
        if (!weights.names().contains(name)) {
            throw new EspalierException("parameter '" + name + "' has no weight");
        }
        Tensor tensor = weights.get(name);
        if (!tensor.shape().equals(type.shape()) || tensor.dtype() != type.dtype()) {
            throw new EspalierException(
                    "weight '" + name + "' must be " + type + ", got " + tensor.dtype() + tensor.shape());
        }
    }

    /** The same graph and weights, shared, with other metadata. */
    public Model withMetadata(Metadata other) {
        return new Model(graph, weights, other);
    }

    /** An independent model with copies of the weights. */
    public Model copy() {
        return new Model(graph, weights.copy(), metadata);
    }

    @Override
    public void close() {
        weights.close();
    }
}
