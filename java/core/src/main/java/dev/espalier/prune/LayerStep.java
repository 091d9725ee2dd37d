package dev.espalier.prune;

import dev.espalier.graph.Graph;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * One step on whole layers: those with the smallest scores go, one after the other, until the target is met.
 *
 * <p>A budget of layers is met as far as rounding down allows, {@code floor(target * all)}; layers within a layer count with it. A
 * cost of the whole graph, such as its MACs, is at or below the target after the last layer and above it before. A layer without which
 * an output would depend on an input no more is passed over.
 */
final class LayerStep {
    /** Absorbs the rounding of products such as 0.7 * 10. */
    private static final double SLACK = 1e-9;

    private final Layers layers;
    private final Policy policy;
    private final Evidence evidence;

    LayerStep(Layers layers, Policy policy, Evidence evidence) {
        this.layers = layers;
        this.policy = policy;
        this.evidence = evidence;
    }

    /** @param cost what the target is a share of; none for layers, which are counted */
    Mask next(Mask mask, Budget budget, Optional<ToDoubleFunction<Graph>> cost) {
        int all = layers.removable().size();
        if (all == 0) {
            throw new PruningException(
                    "graph '" + layers.graph().name() + "' has no layers that may be removed: " + layers.frozen());
        }
        ToDoubleFunction<Graph> left =
                cost.orElse(graph -> all - layers.missing(graph).size());
        double limit = cost.isEmpty()
                ? all - Math.floor(budget.target() * all + SLACK)
                : (1 - budget.target()) * left.applyAsDouble(layers.graph()) * (1 + SLACK);
        Set<String> gone = new LinkedHashSet<>(mask.layers());
        double now = left.applyAsDouble(layers.without(gone));
        for (Layer layer : order(gone)) {
            Set<String> further = new LinkedHashSet<>(gone);
            further.add(layer.id());
            if (now > limit && !gone.contains(layer.id()) && layers.canLose(further)) {
                Graph smaller = layers.without(further);
                gone.addAll(layers.missing(smaller));
                now = left.applyAsDouble(smaller);
            }
        }
        if (now > limit) {
            throw new PruningException("target " + budget.of() + " <= " + told(limit)
                    + " cannot be met by removing layers: without all " + gone.size() + " that can go together "
                    + told(now) + " are left; lower the target");
        }
        return Mask.ofLayers(gone);
    }

    private static String told(double cost) {
        return cost == Math.rint(cost) ? Long.toString((long) cost) : Double.toString(cost);
    }

    /** The layers still there, the smallest score first, layers of one score in the order of the graph. */
    private List<Layer> order(Set<String> gone) {
        List<Layer> there = new ArrayList<>(layers.removable());
        there.removeIf(layer -> gone.contains(layer.id()));
        Map<Layer, Double> scores = new LayerScores(layers.graph(), policy, evidence).of(there);
        there.sort(Comparator.comparingDouble(layer -> scores.getOrDefault(layer, 0.0)));
        return there;
    }
}
