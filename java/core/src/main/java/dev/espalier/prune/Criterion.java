package dev.espalier.prune;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How important a weight, a channel or a layer is; what scores lowest is removed first. */
public enum Criterion {
    /** Sum of the weights' magnitudes (Li et al., arXiv 1608.08710). */
    L1(Scores.BOTH, null),
    /** Euclidean norm of the weights. */
    L2(Scores.BOTH, null),
    /** Largest magnitude among the weights. */
    LINF(Scores.BOTH, null),
    /** Magnitude of the batch normalisation's scale (network slimming: Liu et al., arXiv 1708.06519); a group without one is refused. */
    BN_SCALE(Scores.CHANNELS, null),
    /** Distance to all other filters of the group: near the geometric median means replaceable (FPGM: He et al., arXiv 1811.00250). */
    FPGM(Scores.CHANNELS, null),
    /** Square of the weight by the sum of all squares in its layer that are not smaller (Lee et al., arXiv 2010.07611). */
    LAMP(Scores.WEIGHTS, null),
    /** Magnitude of the gradient. */
    GRADIENT(Scores.BOTH, Measure.GRADIENTS),
    /** The gradient with its sign: small and negative gradients go first. */
    SIGNED_GRADIENT(Scores.BOTH, Measure.GRADIENTS),
    /** First-order change of the loss, |weight * gradient| (Molchanov et al., arXiv 1906.10771). */
    TAYLOR(Scores.BOTH, Measure.GRADIENTS),
    /**
     * Second-order change of the loss, half of weight^2 * curvature, the curvature being the diagonal of the empirical Fisher matrix
     * (optimal brain damage: LeCun et al., NeurIPS 1989; Theis et al., arXiv 1801.05787).
     */
    FISHER(Scores.BOTH, Measure.SQUARED_GRADIENTS),
    /** -weight * gradient: weights that descent pulls towards zero go first (Sanh et al., arXiv 2005.07683). */
    MOVEMENT(Scores.BOTH, Measure.GRADIENTS),
    /** |weight * gradient| as a share of all, meant for untrained networks (Lee et al., arXiv 1810.02340). */
    SNIP(Scores.BOTH, Measure.GRADIENTS),
    /** weight * (Hessian * gradient): weights go first whose removal keeps the flow of gradients (Wang et al., arXiv 2002.07376). */
    GRASP(Scores.BOTH, Measure.HESSIAN_GRADIENTS),
    /** |weight| * gradient of the flow through the network of magnitudes, without data (Tanaka et al., arXiv 2006.05467). */
    SYNFLOW(Scores.BOTH, Measure.FLOW_GRADIENTS),
    /** |weight| * norm of the inputs that it multiplies (Sun et al., arXiv 2306.11695). */
    WANDA(Scores.BOTH, Measure.INPUT_NORMS),
    /** One minus the average percentage of zeros among the channel's activations (Hu et al., arXiv 1607.03250). */
    APOZ(Scores.CHANNELS, Measure.NONZERO_SHARES),
    /** Mean magnitude of the channel's activations (Molchanov et al., arXiv 1611.06440). */
    ACTIVATION(Scores.CHANNELS, Measure.ACTIVATIONS),
    /** Mean rank of the channel's feature maps (Lin et al., arXiv 2002.10179). */
    HRANK(Scores.CHANNELS, Measure.RANKS),
    /** How much of what leaves a layer is its own (after the block influence of Men et al., arXiv 2403.03853), see {@link LayerChanges}. */
    BLOCK_INFLUENCE(Scores.LAYERS, Measure.LAYER_CHANGES),
    /** Uniform random numbers from a seed of their own: the honest baseline. */
    RANDOM(Scores.BOTH, null);

    private enum Scores {
        WEIGHTS,
        CHANNELS,
        LAYERS,
        /** Weights and channels, and layers by their weights. */
        BOTH
    }

    private final Scores scores;
    private final @Nullable Measure measure;

    Criterion(Scores scores, @Nullable Measure measure) {
        this.scores = scores;
        this.measure = measure;
    }

    /** What evidence must hold besides the weights. */
    public Optional<Measure> measure() {
        return Optional.ofNullable(measure);
    }

    /** Whether evidence must hold something that is measured on batches. */
    public boolean needsData() {
        return measure != null && measure.needsData();
    }

    /** Whether it can score what this pattern removes. */
    public boolean scores(Pattern pattern) {
        return scores == Scores.BOTH
                || switch (pattern) {
                    case ELEMENT -> scores == Scores.WEIGHTS;
                    case CHANNEL -> scores == Scores.CHANNELS;
                    case LAYER -> scores == Scores.LAYERS || this == BN_SCALE;
                };
    }

    /** Whether all its scores estimate changes of one number, the loss or a flow, so that they compare and add up as they are. */
    boolean isAdditive() {
        return switch (this) {
            case TAYLOR, FISHER, MOVEMENT, SNIP, GRASP, SYNFLOW -> true;
            default -> false;
        };
    }

    /** Whether scores of channels may be negative. */
    boolean isSigned() {
        return this == MOVEMENT || this == GRASP;
    }
}
