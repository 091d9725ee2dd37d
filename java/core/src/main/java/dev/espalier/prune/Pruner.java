package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * One pure step of pruning: from a mask, evidence and a target to a narrower mask of the same graph.
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
        this.groups =
                ChannelGroups.trace(graph, policy.ignored(), policy.spared().inexact());
        this.policy = policy;
    }

    /** The channel groups that this pruner chooses from. */
    public ChannelGroups groups() {
        return groups;
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
     * The mask of channels that leaves a graph of at most {@code 1 - target} times the cost of the whole, within the given one. The
     * cost stands for what the budget names, which is how a latency is met.
     *
     * @param cost of a graph with as many channels as stay
     * @throws PruningException if the target cannot be met, evidence is missing, or the pattern is single weights
     */
    public Mask next(Mask mask, Evidence evidence, double target, ToDoubleFunction<Graph> cost) {
        if (policy.pattern() == Pattern.ELEMENT) {
            throw new PruningException("single weights leave the graph, and so its cost, as it is; prune channels");
        }
        return next(mask, evidence, policy.budget().withTarget(target), Optional.of(cost));
    }

    /** What the budget's target is a share of, where it is a sum over the graph that is left. */
    private Optional<ToDoubleFunction<Graph>> cost() {
        return switch (policy.budget().of()) {
            case CHANNELS, SPARSITY -> Optional.empty();
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
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Mask step = policy.pattern() == Pattern.ELEMENT
                    ? new ElementStep(groups.graph(), policy, evidence).next(mask, budget)
                    : new ChannelStep(groups, policy, evidence).next(mask, budget, cost);
            Mask narrowed = mask.narrow(step);
            // A mask of channels holds no tensors: then no scope need be open around the call.
            return narrowed.tensors().isEmpty() ? narrowed : scope.keep(narrowed);
        }
    }
}
