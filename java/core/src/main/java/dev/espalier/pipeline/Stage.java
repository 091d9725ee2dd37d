package dev.espalier.pipeline;

import dev.espalier.train.Recipe;

/** One stretch of a run; only a fit takes long, and only within a fit are checkpoints made. */
sealed interface Stage {
    /** Trains; {@code gradual} prunes on the way, compacting as soon as the target is met. */
    record Fit(String name, Recipe recipe, boolean gradual) implements Stage {}

    /** Measures the dense model, before anything is removed. */
    record Measure() implements Stage {}

    /** Narrows the mask to a target. */
    record Prune(double target) implements Stage {}

    /** Removes masked channels physically. */
    record Compact() implements Stage {}
}
