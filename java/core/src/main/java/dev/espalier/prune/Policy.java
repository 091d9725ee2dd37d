package dev.espalier.prune;

import java.util.Set;

/**
 * What a pruner removes and in what order.
 *
 * @param spared what stays whatever its importance
 * @param seed of the random criterion, which draws from nothing else
 */
public record Policy(Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget, Spared spared, long seed) {
    public Policy {
        boolean elements = pattern == Pattern.ELEMENT;
        Budget.Of of = budget.of();
        boolean fits = of == Budget.Of.PARAMETERS || elements == (of == Budget.Of.SPARSITY);
        if (!fits) {
            throw new PruningException("a budget of " + of + " cannot be met by removing "
                    + (elements
                            ? "single weights; use SPARSITY or PARAMETERS"
                            : "channels; use CHANNELS, MACS, PARAMETERS, BYTES or LATENCY"));
        }
        if (!elements && scope == ScoreScope.ERK) {
            throw new PruningException(
                    "scope ERK spreads single weights over layers, the pattern is channels; use LOCAL or GLOBAL");
        }
        if (elements && budget.roundTo() != 1) {
            throw new PruningException(
                    "round-to " + budget.roundTo() + " rounds channels, the pattern is single weights");
        }
    }

    /** Ignores nodes; inexact removals are allowed. */
    public Policy(
            Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget, Set<String> ignored, long seed) {
        this(criterion, pattern, scope, budget, new Spared(ignored, false), seed);
    }

    /** No node ignored, seed 0. */
    public static Policy of(Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget) {
        return new Policy(criterion, pattern, scope, budget, Set.of(), 0);
    }

    /** Names of nodes that are left alone. */
    public Set<String> ignored() {
        return spared.ignored();
    }
}
