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
import java.util.Objects;
import java.util.Set;
import java.util.function.LongBinaryOperator;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * One step on weights: the exact number of smallest scores is removed, of single weights or of what shares a decision.
 *
 * <p>Only weights of convolutions and matrix products may be masked; biases and normalisation have next to no elements and much effect.
 */
final class ElementStep {
    private final Graph graph;
    private final Policy policy;
    private final Evidence evidence;
    /** By parameter that may be masked and has anything to be decided on. */
    private final Map<String, Granules> granules = new LinkedHashMap<>();

    ElementStep(Graph graph, Policy policy, Evidence evidence) {
        this.graph = graph;
        this.policy = policy;
        this.evidence = evidence;
        List<String> eligible = eligible(graph, policy.ignoredOf(graph));
        if (eligible.isEmpty()) {
            throw new PruningException("graph '" + graph.name() + "' has no weights that may be masked");
        }
        eligible.forEach(p -> Granules.of(graph, p, policy.grain()).ifPresent(own -> granules.put(p, own)));
        if (granules.isEmpty()) {
            throw new PruningException("no weights of graph '" + graph.name() + "' can be pruned " + policy.grain()
                    + ": none of its " + eligible.size() + " parameters has as many inputs; prune single weights");
        }
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
        List<String> parameters = List.copyOf(granules.keySet());
        return select(parameters, scores(parameters, mask), budget, mask, Math::max);
    }

    /** The mask with the budget's share removed and nothing removed that {@code mask} keeps: what scores highest comes back. */
    Mask widen(Mask mask, Budget budget, Growth growth) {
        List<String> parameters = List.copyOf(granules.keySet());
        List<Tensor> scores = new ArrayList<>();
        parameters.forEach(p -> scores.add(returning(p, mask.elements().get(p), growth)));
        return select(parameters, scores, budget, mask, Math::min);
    }

    /**
     * The mask in which every parameter keeps as many weights as before, but of those kept the {@code fraction} smallest in magnitude
     * has made room for as many of all others.
     */
    Mask exchange(Mask mask, double fraction, Growth growth) {
        Map<String, BitMask> elements = new LinkedHashMap<>();
        mask.elements().forEach((parameter, bits) -> {
            long removed = bits.shape().numel() - bits.kept();
            long dropped = Math.round(fraction * bits.kept());
            Tensor weight = evidence.weight(parameter).detach();
            Tensor never = Tensor.full(Double.NEGATIVE_INFINITY, weight.dtype(), weight.device());
            Tensor magnitude = weight.abs().where(bits.unpack(), never);
            Kernels kernels = Kernels.on(weight.device());
            BitMask stays = kernels.masks(List.of(magnitude), removed + dropped).get(0);
            elements.put(
                    parameter,
                    kernels.masks(List.of(returning(parameter, stays, growth)), removed)
                            .get(0));
        });
        return Mask.of(elements, Map.of());
    }

    /** Scores in which what is kept is greater than any other, so that it stays. */
    private Tensor returning(String parameter, @Nullable BitMask kept, Growth growth) {
        Tensor score = growth instanceof Growth.AtRandom random
                ? RandomScores.like(evidence.weight(parameter), random.seed(), parameter)
                : evidence.of(Measure.GRADIENTS, parameter).detach().abs();
        Tensor most = Tensor.full(Double.POSITIVE_INFINITY, score.dtype(), score.device());
        return kept == null ? most.expand(score.shape().toArray()).contiguous() : most.where(kept.unpack(), score);
    }

    /** The masks without the smallest scores; {@code bound} is of what is removed already and what is to be. */
    private Mask select(
            List<String> parameters, List<Tensor> scores, Budget budget, Mask mask, LongBinaryOperator bound) {
        Map<String, BitMask> elements = new LinkedHashMap<>();
        ToLongFunction<List<String>> wanted = wanted(parameters, budget);
        for (List<Integer> pool : pools(parameters)) {
            List<String> names = pool.stream().map(parameters::get).toList();
            List<Granules> own = names.stream().map(this::granules).toList();
            List<Decisions> decisions = pool.stream()
                    .map(i -> decisions(parameters.get(i), scores.get(i)))
                    .toList();
            long most = decisions.stream().mapToLong(Decisions::removable).sum();
            long weights = bound.applyAsLong(removed(names, mask), Math.min(wanted.applyAsLong(names), most));
            List<BitMask> kept = Granules.masks(
                    own, decisions.stream().map(Decisions::scores).toList(), weights);
            for (int i = 0; i < names.size(); i++) {
                elements.put(names.get(i), own.get(i).spell(kept.get(i), scores.get(pool.get(i))));
            }
        }
        return Mask.of(elements, Map.of());
    }

    private Granules granules(String parameter) {
        return Objects.requireNonNull(granules.get(parameter), parameter);
    }

    /** How many weights of a pool are to be removed. */
    private ToLongFunction<List<String>> wanted(List<String> parameters, Budget budget) {
        double share = share(parameters, budget);
        if (policy.scope() == ScoreScope.TABLE) {
            return pool -> Math.round(budget.targetOf(names(graph, pool.get(0))) * elements(pool));
        }
        if (policy.scope() == ScoreScope.SENSITIVITY) {
            return byDamage(parameters, share);
        }
        if (policy.scope() != ScoreScope.ERK) {
            return pool -> Math.round(share * elements(pool));
        }
        Map<String, long[]> shapes = new LinkedHashMap<>();
        parameters.forEach(p -> shapes.put(p, graph.type(p).shape().toArray()));
        long all = elements(parameters);
        Map<String, Long> kept = ErdosRenyi.kept(shapes, all - Math.round(share * all));
        return pool -> elements(pool)
                - pool.stream().mapToLong(p -> kept.getOrDefault(p, 0L)).sum();
    }

    private ToLongFunction<List<String>> byDamage(List<String> parameters, double share) {
        long[] sizes = parameters.stream().mapToLong(p -> elements(List.of(p))).toArray();
        long[] most = parameters.stream().mapToLong(this::removable).toArray();
        long wanted = Math.min(
                Math.round(share * elements(parameters)), LongStream.of(most).sum());
        long[] lost = Sensitivity.of(evidence, parameters).first(wanted, sizes, most);
        return pool -> pool.stream().mapToLong(p -> lost[parameters.indexOf(p)]).sum();
    }

    /** How many weights of a parameter may go. */
    private long removable(String parameter) {
        long all = elements(List.of(parameter));
        return Math.min(
                all - policy.spared().least(all), Math.round(policy.grain().most() * all));
    }

    private long elements(List<String> parameters) {
        return parameters.stream().mapToLong(p -> granules(p).weights()).sum();
    }

    /** Positions of the parameters whose weights compete. */
    private List<List<Integer>> pools(List<String> parameters) {
        List<Integer> all = IntStream.range(0, parameters.size()).boxed().toList();
        return switch (policy.scope()) {
            case GLOBAL -> List.of(all);
            case LOCAL, TABLE, ERK, SENSITIVITY -> all.stream().map(List::of).toList();
            case ISOMORPHIC -> new Isomorphism(graph).ofParameters(parameters);
        };
    }

    /** The names by which a table may call a parameter: its own and those of the nodes that use it. */
    static Set<String> names(Graph graph, String parameter) {
        Set<String> names = new LinkedHashSet<>(List.of(parameter));
        graph.consumers(parameter).forEach(node -> names.add(node.name()));
        return names;
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
        long eligible = elements(parameters);
        double wanted = budget.target() * graph.parameterCount();
        long most = parameters.stream().mapToLong(this::removable).sum();
        if (wanted > most) {
            throw new PruningException("target " + budget.target() + " asks for " + Math.round(wanted)
                    + " parameters but only " + most + " weights may be removed; ignore fewer nodes or lower it");
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

    /**
     * The decisions on one parameter.
     *
     * @param scores those that every layer keeps are greater than any other
     * @param removable weights that the others remove
     */
    private record Decisions(Tensor scores, long removable) {}

    private Decisions decisions(String parameter, Tensor weights) {
        Granules granules = granules(parameter);
        Tensor scores = granules.scores(weights);
        if (policy.spared().ofEach() == 0) {
            return new Decisions(scores, removable(parameter));
        }
        long most = Math.min(granules.count(), removable(parameter) / granules.largest());
        BitMask kept = Kernels.on(scores.device()).masks(List.of(scores), most).get(0);
        Tensor highest = Tensor.full(Double.POSITIVE_INFINITY, scores.dtype(), scores.device());
        return new Decisions(scores.where(kept.unpack().logicalNot(), highest), granules.removed(kept));
    }
}
