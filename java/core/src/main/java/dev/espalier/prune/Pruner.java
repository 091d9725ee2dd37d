package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * One pure step of pruning: from a mask, evidence and a target to a narrower mask of the same graph.
 *
 * <p>{@link Criterion#SYNFLOW} computes its own evidence, in many small steps, unless it is given.
 *
 * <p>Nothing is written: apply the mask with {@link MaskedWeights}, or make the network smaller with {@link Compaction}. Targets are
 * shares of the graph as it was given, whatever the mask has removed already; a target below what is removed changes nothing.
 */
public final class Pruner {
    private final ChannelGroups groups;
    private final Policy policy;

    /**
     * Makes a pruner for a graph.
     *
     * @throws PruningException if the policy ignores a node that the graph does not have
     */
    public Pruner(Graph graph, Policy policy) {
        this.groups = ChannelGroups.trace(graph, policy.spared());
        this.policy = policy;
        for (String name : policy.budget().table().keySet()) {
            if (!isNamed(graph, name)) {
                throw new PruningException("the table of targets names '" + name + "', which is no node"
                        + (policy.pattern() == Pattern.ELEMENT ? " or parameter" : " or prunable group")
                        + " of graph '" + graph.name() + "'");
            }
        }
    }

    private boolean isNamed(Graph graph, String name) {
        return policy.pattern() == Pattern.ELEMENT
                ? ElementStep.eligible(graph, policy.ignoredOf(graph)).stream()
                        .flatMap(p -> ElementStep.names(graph, p).stream())
                        .anyMatch(known -> Budget.covers(name, known))
                : groups.prunable().stream()
                        .flatMap(g -> ChannelStep.names(g).stream())
                        .anyMatch(known -> Budget.covers(name, known));
    }

    /** The channel groups that this pruner chooses from. */
    public ChannelGroups groups() {
        return groups;
    }

    /** The layers that this pruner chooses from. */
    public Layers layers() {
        return Layers.of(groups.graph(), policy.ignoredOf(groups.graph()));
    }

    public Policy policy() {
        return policy;
    }

    /** As {@link #next(Mask, Evidence, double)} for the target of the policy's budget. */
    public Mask next(Mask mask, Evidence evidence) {
        return next(mask, evidence, policy.budget().target());
    }

    /**
     * The mask that meets the target, within the given one; the words of its bit masks belong to the open scope.
     *
     * @param target the share to be removed of what the budget names
     * @throws PruningException if the target cannot be met or evidence is missing
     */
    public Mask next(Mask mask, Evidence evidence, double target) {
        return next(mask, evidence, policy.budget().withTarget(target), cost());
    }

    /**
     * The mask of channels or layers that leaves a graph of at most {@code 1 - target} times the cost of the whole, within the given one. The
     * cost stands for what the budget names, which is how a latency is met.
     *
     * @param cost of a graph with as many channels and layers as stay
     * @throws PruningException if the target cannot be met, evidence is missing, or the pattern is single weights
     */
    public Mask next(Mask mask, Evidence evidence, double target, ToDoubleFunction<Graph> cost) {
        if (policy.pattern() == Pattern.ELEMENT) {
            throw new PruningException(
                    "single weights leave the graph, and so its cost, as it is; prune channels or layers");
        }
        return next(mask, evidence, policy.budget().withTarget(target), Optional.of(cost));
    }

    /** What the budget's target is a share of, where it is a sum over the graph that is left. */
    private Optional<ToDoubleFunction<Graph>> cost() {
        return switch (policy.budget().of()) {
            case CHANNELS, LAYERS, SPARSITY -> Optional.empty();
            case MACS -> Optional.of(Graph::macs);
            case PARAMETERS -> Optional.of(Graph::parameterCount);
            case BYTES -> Optional.of(Graph::parameterBytes);
            case LATENCY ->
                throw new PruningException("a budget of LATENCY is met by a cost function that tells the time of a"
                        + " graph; hand one to the pruner");
        };
    }

    private Mask next(Mask mask, Evidence evidence, Budget budget, Optional<ToDoubleFunction<Graph>> cost) {
        mask.check(groups);
        try (Scope scope = Scope.open()) {
            Mask narrowed =
                    isFlow(evidence) ? byFlow(mask, evidence, budget, cost) : step(mask, evidence, budget, cost);
            // A mask of channels holds no tensors: then no scope need be open around the call.
            return narrowed.tensors().isEmpty() ? narrowed : scope.keep(narrowed);
        }
    }

    private Mask step(Mask mask, Evidence evidence, Budget budget, Optional<ToDoubleFunction<Graph>> cost) {
        try (Grad off = Grad.disabled()) {
            Mask step = switch (policy.pattern()) {
                case ELEMENT -> new ElementStep(groups.graph(), policy, evidence).next(mask, budget);
                case CHANNEL -> new ChannelStep(groups, policy, evidence).next(mask, budget, cost);
                case LAYER -> new LayerStep(layers(), policy, evidence).next(mask, budget, cost);
            };
            return mask.narrow(step);
        }
    }

    /** Whether the flow is still to be computed. */
    private boolean isFlow(Evidence evidence) {
        return policy.criterion() == Criterion.SYNFLOW && !evidence.measured().containsKey(Measure.FLOW_GRADIENTS);
    }

    /** In many small steps, the share that stays falling by an equal factor with each; layers, which are few, in one. */
    private Mask byFlow(Mask mask, Evidence evidence, Budget budget, Optional<ToDoubleFunction<Graph>> cost) {
        if (policy.pattern() == Pattern.LAYER) {
            Graph left = layers().without(mask.layers());
            SynapticFlow flow = new SynapticFlow(
                    ChannelGroups.trace(left), evidence.of(left.parameters().keySet()));
            return step(mask, evidence.with(Measure.FLOW_GRADIENTS, flow.gradients(Mask.all())), budget, cost);
        }
        double target = budget.target();
        SynapticFlow flow = new SynapticFlow(groups, evidence.weights());
        Mask narrowed = mask;
        for (int step = 1; step <= SynapticFlow.STEPS; step++) {
            double share =
                    step == SynapticFlow.STEPS ? target : 1 - Math.pow(1 - target, (double) step / SynapticFlow.STEPS);
            try (Scope scope = Scope.open()) {
                Evidence now = evidence.with(Measure.FLOW_GRADIENTS, flow.gradients(narrowed));
                narrowed = scope.keep(step(narrowed, now, budget.withTarget(share), cost));
            }
        }
        return narrowed;
    }
}
