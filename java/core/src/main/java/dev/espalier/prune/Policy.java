package dev.espalier.prune;

import dev.espalier.graph.Graph;
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
        if (pattern == Pattern.LAYER && spared.ofEach() > 0) {
            throw new PruningException("layer-floor " + spared.ofEach() + " is of the channels or weights of a layer,"
                    + " the pattern is whole layers; leave it out");
        }
        checkOpen(spared, pattern, of);
        if (ranking.normalisation() == Normalisation.COST && !of.isReckoned()) {
            throw new PruningException(
                    "normalisation COST divides by what a channel saves of MACS, PARAMETERS or BYTES,"
                            + " and the budget is of " + of + "; choose another of either");
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
        if (shares && budget.greatest() > 1 - spared.ofEach() + SLACK) {
            throw new PruningException("target " + budget.greatest() + " cannot be met where every layer keeps "
                    + spared.ofEach() + " of itself; lower it or layer-floor");
        }
        if (pattern != Pattern.CHANNEL && budget.roundTo() != 1) {
            throw new PruningException("round-to " + budget.roundTo() + " rounds channels, the pattern is "
                    + (elements ? "single weights" : "layers"));
        }
        checkGrain(ranking, pattern, grain, budget);
    }

    private static void checkGrain(Ranking ranking, Pattern pattern, Grain grain, Budget budget) {
        if (pattern != Pattern.ELEMENT && !grain.isSingle()) {
            throw new PruningException(
                    "grain " + grain + " is of weights, the pattern is " + pattern + "; use ELEMENT");
        }
        if (grain.most() == 1) {
            return;
        }
        if (ranking.scope() == ScoreScope.ERK) {
            throw new PruningException("scope ERK keeps small layers denser, " + grain
                    + " keeps the same share of each; use LOCAL or GLOBAL");
        }
        if (budget.of() == Budget.Of.SPARSITY && budget.greatest() > grain.most() + SLACK) {
            throw new PruningException(
                    "target " + budget.greatest() + " is more than " + grain + " can remove, which is " + grain.most()
                            + " of the weights in whole groups; lower it, leave it out, or keep fewer of each group");
        }
    }

    /** Of single weights, or of channels. */
    public Policy(Ranking ranking, Pattern pattern, Budget budget, Spared spared, long seed) {
        this(ranking, pattern, Grain.single(), budget, spared, seed);
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

    /** What the ranking's normalisation means under this budget; scores that are random have no scale to lose. */
    Normalisation normalisation() {
        return criterion() == Criterion.RANDOM
                ? Normalisation.NONE
                : ranking.normalisation().resolved(criterion(), scope(), budget.of());
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

    /** The same policy where weights share decisions. */
    public Policy withGrain(Grain other) {
        return new Policy(ranking, pattern, other, budget, spared, seed);
    }

    /** Names of nodes or blocks that are left alone. */
    public Set<String> ignored() {
        return spared.ignored();
    }

    /** The nodes of the graph that are left alone. */
    public Set<String> ignoredOf(Graph graph) {
        return spared.ignoredOf(graph);
    }

    /** The same policy with another share to be removed; a table keeps its proportion to it. */
    public Policy withTarget(double share) {
        return new Policy(ranking, pattern, grain, budget.withTarget(share), spared, seed);
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
