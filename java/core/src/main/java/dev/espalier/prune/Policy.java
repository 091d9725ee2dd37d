package dev.espalier.prune;

import java.util.Set;

/**
 * What a pruner removes and in what order.
 *
 * @param ranking by what, and among what, the lowest are looked for
 * @param grain which weights share a decision; single for channels
 * @param spared what stays whatever its importance
 * @param seed of the random criterion, which draws from nothing else
 */
public record Policy(Ranking ranking, Pattern pattern, Grain grain, Budget budget, Spared spared, long seed) {
    /** Absorbs the rounding of shares such as 1 - 1/3. */
    private static final double SLACK = 1e-9;

    public Policy {
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
                            : "channels; use CHANNELS, MACS, PARAMETERS, BYTES or LATENCY"));
        }
        if (!elements && ranking.scope() == ScoreScope.ERK) {
            throw new PruningException(
                    "scope ERK spreads single weights over layers, the pattern is channels; use LOCAL or GLOBAL");
        }
        boolean shares = of == Budget.Of.CHANNELS || of == Budget.Of.SPARSITY;
        if ((ranking.scope() == ScoreScope.TABLE) == budget.table().isEmpty()) {
            throw new PruningException("scope TABLE and a table of targets go together; give both or none");
        }
        if (ranking.scope() == ScoreScope.TABLE && !shares) {
            throw new PruningException("a table of targets is of CHANNELS or SPARSITY, not of " + of);
        }
        double most = Math.max(
                budget.target(),
                budget.table().values().stream().mapToDouble(own -> own).max().orElse(0));
        if (shares && most > 1 - spared.ofEach()) {
            throw new PruningException("target " + most + " cannot be met where every layer keeps " + spared.ofEach()
                    + " of itself; lower it or layer-floor");
        }
        if (elements && budget.roundTo() != 1) {
            throw new PruningException(
                    "round-to " + budget.roundTo() + " rounds channels, the pattern is single weights");
        }
        checkGrain(ranking, pattern, grain, budget);
    }

    private static void checkGrain(Ranking ranking, Pattern pattern, Grain grain, Budget budget) {
        if (pattern == Pattern.CHANNEL && !grain.isSingle()) {
            throw new PruningException("grain " + grain + " is of weights, the pattern is channels; use ELEMENT");
        }
        if (grain.most() == 1) {
            return;
        }
        if (ranking.scope() == ScoreScope.ERK) {
            throw new PruningException("scope ERK keeps small layers denser, " + grain
                    + " keeps the same share of each; use LOCAL or GLOBAL");
        }
        double target = Math.max(
                budget.target(),
                budget.table().values().stream()
                        .mapToDouble(share -> share)
                        .max()
                        .orElse(0));
        if (budget.of() == Budget.Of.SPARSITY && target > grain.most() + SLACK) {
            throw new PruningException(
                    "target " + target + " is more than " + grain + " can remove, which is " + grain.most()
                            + " of the weights in whole groups; lower it, leave it out, or keep fewer of each group");
        }
    }

    /** Of single weights, or of channels. */
    public Policy(Ranking ranking, Pattern pattern, Budget budget, Spared spared, long seed) {
        this(ranking, pattern, Grain.single(), budget, spared, seed);
    }

    /** With the usual ranking by a criterion; inexact removals are allowed. */
    public Policy(
            Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget, Set<String> ignored, long seed) {
        this(Ranking.of(criterion, scope), pattern, budget, new Spared(ignored, false, 0), seed);
    }

    /** No node ignored, seed 0. */
    public static Policy of(Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget) {
        return new Policy(criterion, pattern, scope, budget, Set.of(), 0);
    }

    /** The same policy where weights share decisions. */
    public Policy withGrain(Grain other) {
        return new Policy(ranking, pattern, other, budget, spared, seed);
    }

    /** Names of nodes that are left alone. */
    public Set<String> ignored() {
        return spared.ignored();
    }

    /** The same policy with another seed. */
    public Policy withSeed(long other) {
        return new Policy(ranking, pattern, grain, budget, spared, other);
    }

    /** The same policy with random scores from a seed. */
    public Policy random(long other) {
        Ranking drawn = new Ranking(Criterion.RANDOM, ranking.aggregation(), ranking.normalisation(), ranking.scope());
        return new Policy(drawn, pattern, grain, budget, spared, other);
    }

    /** Whether evidence must hold something that is measured on batches. */
    public boolean needsData() {
        return criterion().needsData() || scope() == ScoreScope.SENSITIVITY;
    }

    public Criterion criterion() {
        return ranking.criterion();
    }

    public ScoreScope scope() {
        return ranking.scope();
    }
}
