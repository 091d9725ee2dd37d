package dev.espalier.prune;

/** Which of the removed weights come back first. */
public sealed interface Growth {
    /** Those whose gradient is largest in magnitude: they would change the loss most (Evci et al., "Rigging the lottery", 2020). */
    record ByGradient() implements Growth {}

    /** Any, drawn from {@code seed} (Mocanu et al., "Scalable training of artificial neural networks", 2018). */
    record AtRandom(long seed) implements Growth {}
}
