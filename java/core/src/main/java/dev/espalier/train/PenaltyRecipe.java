package dev.espalier.train;

/**
 * What pulls weights towards zero; a zero switches a term off.
 *
 * @param l1 factor of the sum of absolute weights (weights only, not biases or normalisation)
 * @param l2 factor of half the sum of squared weights
 * @param scaleL1 factor of the sum of absolute normalisation scales, which drives whole channels to zero (Liu et al.,
 *     "Learning efficient convolutional networks through network slimming", 2017)
 * @param groupLasso factor of the sum of L2 norms of the weights that make one output channel, or one row of gates (Wen et al., "Learning
 *     structured sparsity in deep neural networks", 2016)
 * @param channelLasso factor of the sum of L2 norms of channels, each over all places that must lose it together; a run adds it, which
 *     knows those places
 * @param proximal all but l2 act after each update as proximal steps, which reach zero exactly, and not as gradients
 */
public record PenaltyRecipe(
        double l1, double l2, double scaleL1, double groupLasso, double channelLasso, boolean proximal) {
    public PenaltyRecipe {
        Bounds.atLeast("l1", l1, 0);
        Bounds.atLeast("l2", l2, 0);
        Bounds.atLeast("scale-l1", scaleL1, 0);
        Bounds.atLeast("group-lasso", groupLasso, 0);
        Bounds.atLeast("channel-lasso", channelLasso, 0);
    }

    boolean hasGradient() {
        return l2 > 0 || (!proximal && hasKink());
    }

    boolean hasProximalStep() {
        return proximal && hasKink();
    }

    private boolean hasKink() {
        return l1 > 0 || scaleL1 > 0 || groupLasso > 0;
    }
}
