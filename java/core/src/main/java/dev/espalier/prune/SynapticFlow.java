package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.BatchNormalization;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The gradient of what flows through a network of magnitudes: all parameters replaced by their absolute values and running means by
 * zero, inputs of ones, the outputs summed (Tanaka et al., arXiv 2006.05467).
 *
 * <p>In F64, since flows grow by a factor with every layer; then scaled so that the greatest gradient is 1. A network that ends in a
 * Softmax lets nothing be seen: its outputs sum to 1 whatever the weights.
 */
final class SynapticFlow {
    /** Steps from nothing to the target, as in the paper. */
    static final int STEPS = 100;

    private final ChannelGroups groups;
    private final Graph graph;
    private final Map<String, Tensor> weights;

    SynapticFlow(ChannelGroups groups, Map<String, Tensor> weights) {
        this.groups = groups;
        this.graph = DoublePrecision.of(groups.graph());
        this.weights = weights;
        graph.inputs().forEach((name, type) -> {
            if (!type.dtype().isFloating()) {
                throw new PruningException("criterion SYNFLOW feeds ones; input '" + name + "' takes " + type
                        + "; choose another criterion");
            }
        });
    }

    /** By parameter, of its shape, F32, for the masked network; in the open scope. */
    Map<String, Tensor> gradients(Mask mask) {
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> magnitudes = magnitudes(mask);
            Tensor flow = flow(magnitudes);
            if (flow.requiresGrad()) {
                flow.backward();
            }
            double greatest = 0;
            for (Map.Entry<String, Tensor> entry : magnitudes.entrySet()) {
                Tensor gradient = entry.getValue().grad();
                if (gradient != null) {
                    greatest = Math.max(greatest, gradient.abs().max().item());
                }
            }
            for (Map.Entry<String, Tensor> entry : magnitudes.entrySet()) {
                Tensor gradient = entry.getValue().grad();
                Tensor weight = weights.get(entry.getKey());
                if (weight != null && weight.dtype() == DType.F32) {
                    Tensor scaled = gradient == null || greatest == 0
                            ? Tensor.zeros(
                                    DType.F32, weight.device(), weight.shape().toArray())
                            : gradient.div(greatest).to(DType.F32);
                    gradients.put(entry.getKey(), scope.keep(scaled));
                }
            }
        }
        return gradients;
    }

    private Tensor flow(Map<String, Tensor> magnitudes) {
        Device device = magnitudes.values().iterator().next().device();
        Map<String, Tensor> ones = new LinkedHashMap<>();
        graph.inputs().forEach((name, type) -> ones.put(name, Tensor.ones(type.dtype(), device, sample(type))));
        Map<String, Tensor> outputs = Execution.run(graph, magnitudes, ones, Evaluation.INFERENCE);
        Tensor flow = Tensor.zeros(DType.F64, device, 1);
        for (Tensor output : outputs.values()) {
            flow = flow.add(output.sum());
        }
        return flow.sum();
    }

    private static long[] sample(TensorType type) {
        long[] shape = type.shape().toArray();
        for (int i = 0; i < shape.length; i++) {
            shape[i] = Math.max(shape[i], 1);
        }
        return shape;
    }

    private Map<String, Tensor> magnitudes(Mask mask) {
        Map<String, Tensor> masked = new LinkedHashMap<>();
        weights.forEach((name, weight) -> masked.put(name, weight.detach().copy()));
        Device device = masked.values().iterator().next().device();
        try (MaskedWeights zeros = MaskedWeights.of(groups, mask, device)) {
            zeros.apply(masked);
        }
        Map<String, Tensor> magnitudes = DoublePrecision.of(masked);
        magnitudes.replaceAll((name, tensor) -> {
            if (tensor.dtype() != DType.F64) {
                return tensor;
            }
            Tensor magnitude = isMean(name) ? tensor.mul(0) : tensor.abs();
            return graph.isStatistic(name) ? magnitude : magnitude.detach().setRequiresGrad(true);
        });
        return magnitudes;
    }

    private boolean isMean(String parameter) {
        List<Node> users = graph.consumers(parameter);
        return users.stream()
                .anyMatch(n -> n.op() instanceof BatchNormalization
                        && n.inputs().get(3).equals(parameter));
    }
}
