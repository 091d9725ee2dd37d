package dev.espalier.prune;

import dev.espalier.runtime.Tensor;

/** How the scores of one group's channels are brought to the scale of other groups; channels that are gone set no scale. */
public enum Normalisation {
    /**
     * If scores are compared across all layers, by the mean where they have no common unit, and by {@link #COST} where they have one and
     * the budget is of MACs, parameters or bytes; else not at all.
     */
    AUTO,
    NONE,
    /**
     * By what the loss of one channel saves of the budget, as the graph is now: removing the least importance per multiply-accumulate is the
     * greedy answer to a knapsack problem (Dantzig 1957). Without it channels go that are of little importance and save nothing.
     */
    COST,
    /** By the mean magnitude. */
    MEAN,
    /** By the greatest magnitude. */
    MAX,
    /** By the sum of the magnitudes. */
    SUM,
    /** Mean 0, standard deviation 1 (of the population). */
    STANDARDISE,
    /** Square of the score by the sum of all squares that are not smaller, as {@link Criterion#LAMP} does with weights. */
    LAMP;

    /** Equal scores differ from their mean by rounding alone, which must not become a deviation. */
    private static final double ROUNDING = 1e-6;

    /** What AUTO means for a criterion, under a scope, and a budget. */
    Normalisation resolved(Criterion criterion, ScoreScope scope, Budget.Of of) {
        if (this != AUTO) {
            return this;
        }
        if (scope != ScoreScope.GLOBAL) {
            return NONE;
        }
        if (!criterion.isAdditive()) {
            return MEAN;
        }
        return of.isReckoned() ? COST : NONE;
    }

    /** The scores [channels] on their new scale; of COST, which needs to know the costs, as they are. */
    Tensor of(Tensor scores, Kept kept) {
        Tensor left = scores.indexSelect(0, Indices.tensor(kept.indices(), scores.device()));
        return switch (this) {
            case AUTO, NONE, COST -> scores;
            case MEAN -> quotient(scores, left.abs().mean());
            case MAX -> quotient(scores, left.abs().max());
            case SUM -> quotient(scores, left.abs().sum());
            case STANDARDISE -> standardised(scores, left);
            case LAMP -> Lamp.scores(scores, left);
        };
    }

    /** A group without any signal keeps its zeros instead of becoming 0 / 0. */
    private static Tensor quotient(Tensor scores, Tensor unit) {
        return scores.div(unit.clamp(Float.MIN_NORMAL, Float.MAX_VALUE));
    }

    private static Tensor standardised(Tensor scores, Tensor left) {
        Tensor mean = left.mean();
        Tensor deviation = left.sub(mean).square().mean().sqrt();
        return quotient(scores.sub(mean), deviation.maximum(left.abs().max().mul(ROUNDING)));
    }
}
