package dev.espalier.pipeline;

import dev.espalier.train.Recipe;

/** One stretch of a run; only a fit takes long, and only within a fit are checkpoints made. */
sealed interface Stage {
    /** What a fit does beside training. */
    enum Mode {
        PLAIN,
        /** Prunes on the way, compacting as soon as the target is met. */
        PRUNING,
        /** Remembers the weights of an early step. */
        REMEMBERING,
        /** Begins at that step instead of the beginning. */
        REWOUND
    }

    /** Trains. */
    record Fit(String name, Recipe recipe, Mode mode) implements Stage {}

    /** Measures the dense model, before anything is removed. */
    record Measure() implements Stage {}

    /** Arranges channels for what is to be removed. */
    record Permute() implements Stage {}

    /** Narrows the mask to a target. */
    record Prune(double target) implements Stage {}

    /** Gives what is kept the values of the early step that was remembered. */
    record Rewind() implements Stage {}

    /** Removes masked channels physically. */
    record Compact() implements Stage {}

    /** Takes the running statistics of normalisation anew from so many batches of training. */
    record Reestimate(int batches) implements Stage {}
}
