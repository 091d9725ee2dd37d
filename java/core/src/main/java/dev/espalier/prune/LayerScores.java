package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.BatchNormalization;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Scores of whole layers, from those of the single weights that the branch multiplies with.
 *
 * <p>So that large layers do not win by their size, scores are meant over the weights: squared and under a root for the Euclidean norm,
 * and for the largest magnitude the largest. Additive scores stay sums: all of them estimate a change of the same number.
 */
final class LayerScores {
    private final Graph graph;
    private final Policy policy;
    private final Evidence evidence;

    LayerScores(Graph graph, Policy policy, Evidence evidence) {
        this.graph = graph;
        this.policy = policy;
        this.evidence = evidence;
    }

    /** One number per layer. */
    Map<Layer, Double> of(List<Layer> layers) {
        Map<Layer, Double> scores = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> single = single(layers);
            for (Layer layer : layers) {
                scores.put(
                        layer,
                        switch (policy.criterion()) {
                            case RANDOM ->
                                RandomScores.draw(policy.seed(), layer.id(), 1)
                                        .max()
                                        .item();
                            case BLOCK_INFLUENCE ->
                                evidence.of(Measure.LAYER_CHANGES, layer.id())
                                        .max()
                                        .item();
                            default -> reduced(layer, single);
                        });
            }
        }
        return scores;
    }

    private Map<String, Tensor> single(List<Layer> layers) {
        Map<String, Tensor> single = new TreeMap<>();
        if (policy.criterion() == Criterion.RANDOM || policy.criterion() == Criterion.BLOCK_INFLUENCE) {
            return single;
        }
        Set<String> all = new LinkedHashSet<>();
        layers.forEach(layer -> all.addAll(scored(layer)));
        List<String> parameters = List.copyOf(all);
        if (!parameters.isEmpty()) {
            List<Tensor> elements = new ElementScores(policy, evidence).of(parameters);
            for (int i = 0; i < elements.size(); i++) {
                single.put(parameters.get(i), elements.get(i));
            }
        }
        return single;
    }

    /** The parameters that the criterion looks at. */
    private Set<String> scored(Layer layer) {
        Set<String> parameters = new LinkedHashSet<>(layer.weights());
        if (policy.criterion() == Criterion.WANDA) {
            parameters.removeIf(p -> !evidence.has(Measure.INPUT_NORMS, p));
        } else if (policy.criterion() == Criterion.BN_SCALE) {
            parameters.clear();
            layer.nodes().stream()
                    .map(graph::node)
                    .filter(node -> node.op() instanceof BatchNormalization)
                    .map(LayerScores::scale)
                    .forEach(parameters::add);
        }
        if (parameters.isEmpty()) {
            throw new PruningException("criterion " + policy.criterion() + " cannot score layer '" + layer.id() + "': "
                    + (policy.criterion() == Criterion.BN_SCALE
                            ? "no batch normalisation belongs to it"
                            : "it has no weights to score")
                    + "; ignore its nodes or choose another criterion");
        }
        return parameters;
    }

    private static String scale(Node normalisation) {
        return normalisation.inputs().get(1);
    }

    private double reduced(Layer layer, Map<String, Tensor> single) {
        double sum = 0;
        double largest = 0;
        double count = 0;
        for (String parameter : scored(layer)) {
            Tensor scores = single.get(parameter);
            if (scores != null) {
                sum += (policy.criterion() == Criterion.L2 ? scores.square() : scores)
                        .sum()
                        .item();
                largest = Math.max(largest, scores.max().item());
                count += scores.numel();
            }
        }
        if (policy.criterion().isAdditive()) {
            return sum;
        }
        return switch (policy.criterion()) {
            case L2 -> Math.sqrt(sum / count);
            case LINF -> largest;
            default -> sum / count;
        };
    }
}
