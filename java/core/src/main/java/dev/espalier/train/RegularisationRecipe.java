package dev.espalier.train;

/**
 * What keeps weights small and updates bounded; a zero switches a term off.
 *
 * @param labelSmoothing share of the target spread evenly over all classes
 * @param clipNorm largest global L2 norm of the gradient
 * @param l1 factor of the sum of absolute weights (weights only, not biases or normalisation)
 * @param l2 factor of half the sum of squared weights
 * @param scaleL1 factor of the sum of absolute normalisation scales, which drives whole channels to zero (Liu et al.,
 *     "Learning efficient convolutional networks through network slimming", 2017)
 * @param groupLasso factor of the sum of L2 norms of the weights that make one output channel (Wen et al., "Learning
 *     structured sparsity in deep neural networks", 2016)
 */
public record RegularisationRecipe(
        double labelSmoothing, double clipNorm, double l1, double l2, double scaleL1, double groupLasso) {
    public RegularisationRecipe {
        Bounds.within("label-smoothing", labelSmoothing, 0, 1);
        Bounds.atLeast("clip-norm", clipNorm, 0);
        Bounds.atLeast("l1", l1, 0);
        Bounds.atLeast("l2", l2, 0);
        Bounds.atLeast("scale-l1", scaleL1, 0);
        Bounds.atLeast("group-lasso", groupLasso, 0);
    }

    boolean penalises() {
        return l1 > 0 || l2 > 0 || scaleL1 > 0 || groupLasso > 0;
    }
}
