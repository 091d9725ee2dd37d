package dev.espalier.prune;

import dev.espalier.runtime.Kernels.Importance;
import dev.espalier.runtime.Kernels.Norm;

/** How important a weight or a channel is; what scores lowest is removed first. */
public enum Criterion {
    /** Sum of the weights' magnitudes (Li et al., arXiv 1608.08710). */
    L1(Importance.MAGNITUDE, Norm.L1),
    /** Euclidean norm of the weights. */
    L2(Importance.MAGNITUDE, Norm.L2),
    /** Magnitude of the gradient. */
    GRADIENT(Importance.GRADIENT, Norm.L1),
    /** The gradient with its sign: small and negative gradients go first. */
    SIGNED_GRADIENT(Importance.SIGNED_GRADIENT, Norm.L1),
    /** First-order change of the loss, |weight * gradient| (Molchanov et al., arXiv 1906.10771). */
    TAYLOR(Importance.TAYLOR, Norm.L1),
    /** Uniform random numbers from a seed of their own: the honest baseline. */
    RANDOM(Importance.MAGNITUDE, Norm.L1);

    private final Importance importance;
    private final Norm norm;

    Criterion(Importance importance, Norm norm) {
        this.importance = importance;
        this.norm = norm;
    }

    Importance importance() {
        return importance;
    }

    Norm norm() {
        return norm;
    }

    /** Whether evidence must hold gradients. */
    public boolean needsGradients() {
        return this == GRADIENT || this == SIGNED_GRADIENT || this == TAYLOR;
    }
}
