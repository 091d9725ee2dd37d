package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;

/**
 * One pure step in which removed weights come back: from a mask of single weights, evidence and a target to another mask of the same
 * graph, which {@link Mask#narrow} would refuse.
 *
 * <p>Nothing is written. A weight that comes back is zero, as its mask has left it; one that is dropped and chosen again in the same
 * step stays as it is.
 */
public final class Regrowth {
    private final Graph graph;
    private final Policy policy;

    /**
     * Makes the step for a graph.
     *
     * @throws PruningException if the policy's pattern is not that of single weights, each by itself
     */
    public Regrowth(Graph graph, Policy policy) {
        if (policy.pattern() != Pattern.ELEMENT) {
            throw new PruningException("regrowth needs the pattern ELEMENT, got " + policy.pattern()
                    + ": removed channels are gone for good");
        }
        if (!policy.grain().isSingle()) {
            throw new PruningException("regrowth is of single weights, those of " + policy.grain()
                    + " share decisions; use pattern element");
        }
        this.graph = graph;
        this.policy = policy;
    }

    /**
     * The mask that removes {@code target}, less than the given one, and keeps all that it keeps; its words belong to the open scope.
     *
     * @throws PruningException if evidence is missing
     */
    public Mask widen(Mask mask, Evidence evidence, double target, Growth growth) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            return scope.keep(new ElementStep(graph, policy, evidence)
                    .widen(mask, policy.budget().withTarget(target), growth));
        }
    }

    /**
     * The mask in which, parameter by parameter, the {@code fraction} of the kept weights that is smallest in magnitude has made room
     * for as many others; counts stay the same. Its words belong to the open scope.
     *
     * @throws PruningException if the fraction is not from 0 to 1, or evidence is missing
     */
    public Mask exchange(Mask mask, Evidence evidence, double fraction, Growth growth) {
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new PruningException("the fraction to exchange must be from 0 to 1, got " + fraction);
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            return scope.keep(new ElementStep(graph, policy, evidence).exchange(mask, fraction, growth));
        }
    }
}
