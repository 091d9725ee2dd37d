package dev.espalier.train;

import dev.espalier.data.Augmentation;

/** How images become batches: batch size, the share of the training split held out for validation, augmentation. */
public record DataRecipe(int batchSize, double validationFraction, Augmentation augmentation) {
    public DataRecipe {
        Bounds.atLeast("batch-size", batchSize, 1);
        Bounds.within("validation-fraction", validationFraction, 0, 1);
    }
}
