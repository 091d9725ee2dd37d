package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * One step on single weights: the exact number of smallest scores is removed.
 *
 * <p>Only weights of convolutions and matrix products may be masked; biases and normalisation have next to no elements and much effect.
 */
final class ElementStep {
    private final Graph graph;
    private final Policy policy;
    private final Evidence evidence;

    ElementStep(Graph graph, Policy policy, Evidence evidence) {
        this.graph = graph;
        this.policy = policy;
        this.evidence = evidence;
    }

    /** Parameters that may be masked: multiplied weights that no ignored node uses. */
    static List<String> eligible(Graph graph, Set<String> ignored) {
        Set<String> weights = new LinkedHashSet<>();
        for (Node node : graph.nodes()) {
            node.op().weightInputs().stream()
                    .map(node.inputs()::get)
                    .filter(graph.parameters()::containsKey)
                    .filter(p -> graph.consumers(p).stream().noneMatch(n -> ignored.contains(n.name())))
                    .forEach(weights::add);
        }
        return List.copyOf(weights);
    }

    Mask next(Mask mask, Budget budget) {
        List<String> parameters = eligible(graph, policy.ignored());
        if (parameters.isEmpty()) {
            throw new PruningException("graph '" + graph.name() + "' has no weights that may be masked");
        }
        List<Tensor> scores = scores(parameters, mask);
        Map<String, BitMask> elements = new LinkedHashMap<>();
        double share = share(parameters, budget);
        for (List<Integer> pool : pools(parameters)) {
            List<String> names = pool.stream().map(parameters::get).toList();
            double own = policy.scope() == ScoreScope.TABLE ? budget.targetOf(names(graph, names.get(0))) : share;
            List<BitMask> bits = smallest(pool.stream().map(scores::get).toList(), removed(names, mask), own);
            for (int i = 0; i < names.size(); i++) {
                elements.put(names.get(i), bits.get(i));
            }
        }
        return Mask.of(elements, Map.of());
    }

    /** Positions of the parameters whose weights compete. */
    private List<List<Integer>> pools(List<String> parameters) {
        List<Integer> all = IntStream.range(0, parameters.size()).boxed().toList();
        return switch (policy.scope()) {
            case GLOBAL -> List.of(all);
            case LOCAL, TABLE -> all.stream().map(List::of).toList();
            case ISOMORPHIC -> new Isomorphism(graph).ofParameters(parameters);
        };
    }

    /** The names by which a table may call a parameter: its own and those of the nodes that use it. */
    static Set<String> names(Graph graph, String parameter) {
        Set<String> names = new LinkedHashSet<>(List.of(parameter));
        graph.consumers(parameter).forEach(node -> names.add(node.name()));
        return names;
    }

    /** The masks without {@code share} of all elements, and never fewer than were removed before. */
    private static List<BitMask> smallest(List<Tensor> scores, long removed, double share) {
        long all = scores.stream().mapToLong(Tensor::numel).sum();
        long k = Math.max(removed, Math.round(share * all));
        return Kernels.on(scores.get(0).device()).masks(scores, k);
    }

    private static long removed(List<String> parameters, Mask mask) {
        return parameters.stream()
                .map(mask.elements()::get)
                .filter(bits -> bits != null)
                .mapToLong(bits -> bits.shape().numel() - bits.kept())
                .sum();
    }

    /** The share of the eligible weights that meets the budget. */
    private double share(List<String> parameters, Budget budget) {
        if (budget.of() == Budget.Of.SPARSITY) {
            return budget.target();
        }
        long eligible = parameters.stream()
                .mapToLong(p -> graph.type(p).numelPerSample())
                .sum();
        double wanted = budget.target() * graph.parameterCount();
        if (wanted > eligible) {
            throw new PruningException("target " + budget.target() + " asks for " + Math.round(wanted)
                    + " parameters but only " + eligible + " weights may be masked; ignore fewer nodes or lower it");
        }
        return wanted / eligible;
    }

    /** Scores in which removed elements are smaller than any other, so that they stay removed. */
    private List<Tensor> scores(List<String> parameters, Mask mask) {
        List<Tensor> scores = new ArrayList<>(new ElementScores(policy, evidence).of(parameters));
        for (int i = 0; i < scores.size(); i++) {
            BitMask bits = mask.elements().get(parameters.get(i));
            if (bits != null) {
                Tensor score = scores.get(i);
                Tensor lowest = Tensor.full(Double.NEGATIVE_INFINITY, score.dtype(), score.device());
                scores.set(i, score.where(bits.unpack(), lowest));
            }
        }
        return scores;
    }
}
