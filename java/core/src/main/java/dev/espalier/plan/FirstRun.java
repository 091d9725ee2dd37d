package dev.espalier.plan;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Weights;
import dev.espalier.op.Evaluation;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.OperatorException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Computes a node once on images of the real shape, while a session is planned: the device says then whether it takes it, and cuDNN
 * does then what timing it needs for this shape.
 *
 * @param graph has the values that the nodes read
 * @param batch samples in place of an open batch
 */
record FirstRun(Graph graph, Weights weights, Device device, int batch) implements Function<Node, Optional<String>> {
    /** Why the device refuses a node; empty if it computes it. */
    @Override
    public Optional<String> apply(Node node) {
        try (Scope scope = Scope.open()) {
            List<@Nullable Tensor> in = new ArrayList<>();
            for (String value : node.inputs()) {
                in.add(value.isEmpty() ? null : tensor(value));
            }
            node.op().evaluate(Evaluation.INFERENCE, in);
            return Optional.empty();
        } catch (OperatorException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private Tensor tensor(String value) {
        if (weights.names().contains(value)) {
            return weights.get(value);
        }
        long[] dims = graph.type(value).forSamples(batch).shape().toArray();
        Tensor zeros = Tensor.zeros(graph.type(value).dtype(), device, dims);
        return zeros.rank() == 4 ? zeros.channelsLast() : zeros;
    }
}
