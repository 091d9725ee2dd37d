package dev.espalier.cli;

import dev.espalier.model.Model;
import dev.espalier.train.Recipe;
import java.util.Map;

/**
 * The share of the training images that is held out for validation, and the seed that draws it.
 *
 * @param fraction from 0 to below 1
 */
record HeldOut(double fraction, long seed) {
    private static final String FRACTION = "train.validation-fraction";
    private static final String SEED = "train.seed";

    static HeldOut of(Recipe recipe) {
        return new HeldOut(recipe.data().validationFraction(), recipe.run().seed());
    }

    /** What the model was trained without, as far as it tells, so that it is never judged or chosen on what it has learnt from. */
    static HeldOut of(Model model, Recipe otherwise) {
        Map<String, String> facts = model.metadata().provenance().facts();
        HeldOut other = of(otherwise);
        try {
            return new HeldOut(
                    Double.parseDouble(facts.getOrDefault(FRACTION, Double.toString(other.fraction))),
                    Long.parseLong(facts.getOrDefault(SEED, Long.toString(other.seed))));
        } catch (NumberFormatException e) {
            return other;
        }
    }
}
