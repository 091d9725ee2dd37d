package dev.espalier.prune;

/** The granularity of a mask. */
public enum Pattern {
    /** Weights, by {@link Grain}: the shapes stay, the zeros must be exploited by sparse kernels. */
    ELEMENT,
    /** Whole channels: compaction makes the tensors smaller. */
    CHANNEL,
    /** Whole layers, the branches of residual connections: compaction makes the network less deep. */
    LAYER
}
