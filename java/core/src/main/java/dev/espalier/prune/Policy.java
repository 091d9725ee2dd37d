package dev.espalier.prune;

import java.util.Set;

/**
 * What a pruner removes and in what order.
 *
 * @param ranking by what, and among what, the lowest are looked for
 * @param ignored names of nodes that are left alone: no single weight of theirs is masked, their output channels stay
 * @param seed of the random criterion, which draws from nothing else
 */
public record Policy(Ranking ranking, Pattern pattern, Budget budget, Set<String> ignored, long seed) {
    public Policy {
        ignored = Set.copyOf(ignored);
        if (!ranking.criterion().scores(pattern)) {
            throw new PruningException("criterion " + ranking.criterion() + " cannot score "
                    + (pattern == Pattern.ELEMENT
                            ? "single weights, only channels"
                            : "channels, only single weights; for channels choose L2 with normalisation LAMP"));
        }
        boolean elements = pattern == Pattern.ELEMENT;
        Budget.Of of = budget.of();
        boolean fits = of == Budget.Of.PARAMETERS || elements == (of == Budget.Of.SPARSITY);
        if (!fits) {
            throw new PruningException("a budget of " + of + " cannot be met by removing "
                    + (elements
                            ? "single weights; use SPARSITY or PARAMETERS"
                            : "channels; use CHANNELS, MACS or PARAMETERS"));
        }
        boolean shares = of == Budget.Of.CHANNELS || of == Budget.Of.SPARSITY;
        if ((ranking.scope() == ScoreScope.TABLE) == budget.table().isEmpty()) {
            throw new PruningException("scope TABLE and a table of targets go together; give both or none");
        }
        if (ranking.scope() == ScoreScope.TABLE && !shares) {
            throw new PruningException("a table of targets is of CHANNELS or SPARSITY, not of " + of);
        }
        if (elements && budget.roundTo() != 1) {
            throw new PruningException(
                    "round-to " + budget.roundTo() + " rounds channels, the pattern is single weights");
        }
    }

    /** With the usual ranking by a criterion. */
    public Policy(
            Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget, Set<String> ignored, long seed) {
        this(Ranking.of(criterion, scope), pattern, budget, ignored, seed);
    }

    /** No node ignored, seed 0. */
    public static Policy of(Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget) {
        return new Policy(criterion, pattern, scope, budget, Set.of(), 0);
    }

    public Criterion criterion() {
        return ranking.criterion();
    }

    public ScoreScope scope() {
        return ranking.scope();
    }
}
