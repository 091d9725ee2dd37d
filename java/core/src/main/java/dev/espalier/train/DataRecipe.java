package dev.espalier.train;

import dev.espalier.data.Augmentation;
import dev.espalier.data.Sampling;

/**
 * How samples become batches.
 *
 * @param batchSize samples in a batch
 * @param validationFraction share of the training split held out for validation
 * @param visits which samples an epoch visits: in random order each once, or classes equally often
 * @param augmentation random changes to images
 * @param mixup alpha of the shares by which samples of a batch are blended; 0 blends nothing
 */
public record DataRecipe(
        int batchSize, double validationFraction, Sampling.Visits visits, Augmentation augmentation, double mixup) {
    public DataRecipe {
        Bounds.atLeast("batch-size", batchSize, 1);
        if (visits == Sampling.Visits.IN_ORDER) {
            throw new IllegalArgumentException("sampling of training must be shuffle or balanced, got in_order");
        }
        Bounds.within("validation-fraction", validationFraction, 0, 1);
        // Above, most draws of the share would be refused; shares are all but equal there.
        Bounds.within("mixup", mixup, 0, 4);
    }

    /** The order of training by a seed. */
    public Sampling sampling(long seed) {
        return new Sampling(visits, seed, false);
    }
}
