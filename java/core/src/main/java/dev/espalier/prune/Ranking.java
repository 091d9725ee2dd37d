package dev.espalier.prune;

/**
 * How what may be removed is ranked: scored, aggregated over the places of a group, normalised over its channels, and compared.
 *
 * @param aggregation has no effect on single weights and on scores that belong to a whole group, such as activations
 * @param normalisation has no effect on single weights
 */
public record Ranking(Criterion criterion, Aggregation aggregation, Normalisation normalisation, ScoreScope scope) {
    public Ranking {
        if (criterion.isSigned() && normalisation == Normalisation.LAMP) {
            throw new PruningException(
                    "normalisation LAMP squares scores, those of " + criterion + " have a sign; choose another");
        }
    }

    /** All places of a group reduced together, normalised only where scores would not compare otherwise. */
    public static Ranking of(Criterion criterion, ScoreScope scope) {
        return new Ranking(criterion, Aggregation.TOGETHER, Normalisation.AUTO, scope);
    }

    /** The same under another scope. */
    public Ranking withScope(ScoreScope other) {
        return new Ranking(criterion, aggregation, normalisation, other);
    }
}
