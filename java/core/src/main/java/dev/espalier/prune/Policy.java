package dev.espalier.prune;

import java.util.Set;

/**
 * What a pruner removes and in what order.
 *
 * @param ranking by what, and among what, the lowest are looked for
 * @param spared what stays whatever its importance
 * @param seed of the random criterion, which draws from nothing else
 */
public record Policy(Ranking ranking, Pattern pattern, Budget budget, Spared spared, long seed) {
    public Policy {
        if (!ranking.criterion().scores(pattern)) {
            throw new PruningException("criterion " + ranking.criterion() + " cannot score "
                    + switch (pattern) {
                        case ELEMENT -> "single weights" + others(ranking.criterion());
                        case CHANNEL -> "channels" + others(ranking.criterion());
                        case LAYER -> "layers" + others(ranking.criterion());
                    });
        }
        boolean elements = pattern == Pattern.ELEMENT;
        Budget.Of of = budget.of();
        if (!fits(of, pattern)) {
            throw new PruningException("a budget of " + of + " cannot be met by removing "
                    + switch (pattern) {
                        case ELEMENT -> "single weights; use SPARSITY or PARAMETERS";
                        case CHANNEL -> "channels; use CHANNELS, MACS, PARAMETERS, BYTES or LATENCY";
                        case LAYER -> "layers; use LAYERS, MACS, PARAMETERS, BYTES or LATENCY";
                    });
        }
        if (pattern == Pattern.LAYER && ranking.scope() != ScoreScope.GLOBAL) {
            throw new PruningException("layers compete with all others; use scope GLOBAL, got " + ranking.scope());
        }
        checkOpen(spared, pattern, of);
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
        if (pattern != Pattern.CHANNEL && budget.roundTo() != 1) {
            throw new PruningException("round-to " + budget.roundTo() + " rounds channels, the pattern is "
                    + (elements ? "single weights" : "layers"));
        }
    }

    private static void checkOpen(Spared spared, Pattern pattern, Budget.Of of) {
        if (!spared.open().isEmpty() && pattern != Pattern.CHANNEL) {
            throw new PruningException("inputs lose what channels are, the pattern is "
                    + (pattern == Pattern.ELEMENT ? "single weights" : "layers") + "; use pattern CHANNEL");
        }
        if (!spared.open().isEmpty() && of == Budget.Of.LATENCY) {
            throw new PruningException("a latency is raced on equal inputs, which "
                    + spared.open().keySet() + " would not be; use another budget");
        }
    }

    private static boolean fits(Budget.Of of, Pattern pattern) {
        return switch (of) {
            case PARAMETERS -> true;
            case SPARSITY -> pattern == Pattern.ELEMENT;
            case CHANNELS -> pattern == Pattern.CHANNEL;
            case LAYERS -> pattern == Pattern.LAYER;
            case MACS, BYTES, LATENCY -> pattern != Pattern.ELEMENT;
        };
    }

    private static String others(Criterion criterion) {
        if (criterion == Criterion.LAMP) {
            return ", only single weights; for channels choose L2 with normalisation LAMP";
        }
        return criterion.scores(Pattern.CHANNEL) ? ", only channels" : ", only layers";
    }

    /** With the usual ranking by a criterion; inexact removals are allowed. */
    public Policy(
            Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget, Set<String> ignored, long seed) {
        this(Ranking.of(criterion, scope), pattern, budget, new Spared(ignored, false), seed);
    }

    /** No node ignored, seed 0. */
    public static Policy of(Criterion criterion, Pattern pattern, ScoreScope scope, Budget budget) {
        return new Policy(criterion, pattern, scope, budget, Set.of(), 0);
    }

    /** Names of nodes that are left alone. */
    public Set<String> ignored() {
        return spared.ignored();
    }

    /** The same policy with another seed. */
    public Policy withSeed(long other) {
        return new Policy(ranking, pattern, budget, spared, other);
    }

    /** The same policy with random scores from a seed. */
    public Policy random(long other) {
        Ranking drawn = new Ranking(Criterion.RANDOM, ranking.aggregation(), ranking.normalisation(), ranking.scope());
        return new Policy(drawn, pattern, budget, spared, other);
    }

    public Criterion criterion() {
        return ranking.criterion();
    }

    public ScoreScope scope() {
        return ranking.scope();
    }
}
