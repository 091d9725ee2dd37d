package dev.espalier.cli;

import dev.espalier.model.Model;
import dev.espalier.model.Provenance;
import dev.espalier.train.Recipe;
import java.util.Map;
import java.util.Optional;

/**
 * The share of the training images that is held out for validation, and the seed that draws it.
 *
 * @param fraction from 0 to below 1
 */
record HeldOut(double fraction, long seed) {
    static final HeldOut NOTHING = new HeldOut(0, 0);

    private static final String FRACTION = "data.held-out";
    private static final String SEED = "data.held-out-seed";

    static HeldOut of(Recipe recipe) {
        return new HeldOut(recipe.data().validationFraction(), recipe.run().seed());
    }

    /** What the model says it was trained without, so that it is never judged or chosen on what it has learnt from. */
    static Optional<HeldOut> statedBy(Model model) {
        Map<String, String> facts = model.metadata().provenance().facts();
        try {
            HeldOut stated = new HeldOut(
                    Double.parseDouble(facts.getOrDefault(FRACTION, "0")),
                    Long.parseLong(facts.getOrDefault(SEED, "0")));
            return stated.fraction > 0 && stated.fraction < 1 ? Optional.of(stated) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** As {@link #statedBy}, else as the recipe says; where they differ the console is told. */
    static HeldOut of(Model model, Recipe recipe, Console console) {
        HeldOut asked = of(recipe);
        HeldOut held = statedBy(model).orElse(asked);
        if (!held.equals(asked)) {
            console.err().println("held out as when the model was trained: " + held.fraction + " of seed " + held.seed);
        }
        return held;
    }

    /** The model with a statement of this. */
    Model statedIn(Model model) {
        Provenance provenance = model.metadata()
                .provenance()
                .with(FRACTION, Double.toString(fraction))
                .with(SEED, Long.toString(seed));
        return model.withMetadata(model.metadata().withProvenance(provenance));
    }
}
