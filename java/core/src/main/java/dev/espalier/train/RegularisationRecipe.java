package dev.espalier.train;

/**
 * What keeps weights small, updates bounded and answers cautious, and which classes count more.
 *
 * @param labelSmoothing share of the target spread evenly over all classes, or over both answers to each label
 * @param clipNorm largest global L2 norm of the gradient; 0 does not clip
 */
public record RegularisationRecipe(
        double labelSmoothing,
        double clipNorm,
        PenaltyRecipe penalty,
        DistillRecipe distill,
        ClassWeights classWeights) {
    /** By what a sample's loss is multiplied. */
    public enum ClassWeights {
        NONE,
        /** The number of samples, divided by that of classes and that of samples of the sample's class; with a label and without are two classes. */
        BALANCED
    }

    public RegularisationRecipe {
        Bounds.within("label-smoothing", labelSmoothing, 0, 1);
        Bounds.atLeast("clip-norm", clipNorm, 0);
    }
}
