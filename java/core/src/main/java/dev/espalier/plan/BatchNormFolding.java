package dev.espalier.plan;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Weights;
import dev.espalier.op.BatchNormalization;
import dev.espalier.op.Conv;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Merges each batch normalisation into the convolution before it, for inference: with k = scale / sqrt(variance + epsilon) per
 * channel, the weight becomes k * w and the bias k * (b - mean) + shift. Computed in double precision.
 */
final class BatchNormFolding {
    private final Graph graph;
    private final Weights weights;
    /** The normalisation that goes into each convolution, by the convolution's name. */
    private final Map<String, Node> merges = new LinkedHashMap<>();

    private final Map<String, TensorType> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> folded = new LinkedHashMap<>();

    private BatchNormFolding(Graph graph, Weights weights) {
        this.graph = graph;
        this.weights = weights;
    }

    /** The smaller graph, its tensors (new ones in the open scope, others shared) and the names of the convolutions changed. */
    record Folded(Graph graph, Map<String, Tensor> weights, Set<String> convolutions) {}

    static Folded fold(Graph graph, Weights weights) {
        return new BatchNormFolding(graph, weights).run();
    }

    private Folded run() {
        for (Node node : graph.nodes()) {
            convolutionBefore(node).ifPresent(conv -> merges.put(conv.name(), node));
        }
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            Node norm = merges.get(node.name());
            if (norm != null) {
                nodes.add(merged(node, norm));
            } else if (!merges.containsValue(node)) {
                nodes.add(node);
            }
        }
        for (Node node : nodes) {
            for (String value : node.inputs()) {
                if (graph.parameters().containsKey(value)) {
                    parameters.put(value, graph.type(value));
                    folded.put(value, weights.get(value));
                }
            }
        }
        return new Folded(graph.with(nodes, parameters), folded, Set.copyOf(merges.keySet()));
    }

    private Optional<Node> convolutionBefore(Node node) {
        if (!(node.op() instanceof BatchNormalization)) {
            return Optional.empty();
        }
        String between = node.inputs().get(0);
        return graph.producer(between)
                .filter(conv -> conv.op() instanceof Conv)
                .filter(conv -> graph.consumers(between).size() == 1)
                .filter(conv -> !graph.outputs().contains(between))
                .filter(conv -> conv.inputs().stream().skip(1).allMatch(this::isParameter))
                .filter(conv -> node.inputs().stream().skip(1).allMatch(this::isParameter));
    }

    private boolean isParameter(String value) {
        return value.isEmpty() || graph.parameters().containsKey(value);
    }

    private Node merged(Node conv, Node norm) {
        String weightName = conv.name() + "+" + norm.name() + ".weight";
        String biasName = conv.name() + "+" + norm.name() + ".bias";
        Tensor weight = weights.get(conv.inputs().get(1));
        try (Scope scope = Scope.open()) {
            List<Tensor> stats = norm.inputs().stream()
                    .skip(1)
                    .map(v -> weights.get(v).to(DType.F64))
                    .toList();
            double epsilon = ((BatchNormalization) norm.op()).epsilon();
            Tensor factor = stats.get(0).div(stats.get(3).add(epsilon).sqrt());
            long[] perFilter = new long[weight.rank()];
            Arrays.fill(perFilter, 1);
            perFilter[0] = -1;
            boolean biased = conv.inputs().size() > 2 && !conv.inputs().get(2).isEmpty();
            Tensor centred = biased
                    ? weights.get(conv.inputs().get(2)).to(DType.F64).sub(stats.get(2))
                    : stats.get(2).neg();
            Tensor newWeight =
                    weight.to(DType.F64).mul(factor.reshape(perFilter)).to(weight.dtype());
            Tensor newBias = centred.mul(factor).add(stats.get(1)).to(weight.dtype());
            put(weightName, scope.keep(newWeight));
            put(biasName, scope.keep(newBias));
        }
        return new Node(conv.name(), conv.op(), List.of(conv.inputs().get(0), weightName, biasName), norm.outputs());
    }

    private void put(String name, Tensor tensor) {
        parameters.put(name, new TensorType(tensor.dtype(), tensor.shape()));
        folded.put(name, tensor);
    }
}
