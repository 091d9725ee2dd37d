package dev.espalier.train;

/** How the arithmetic is run: its precision, its random numbers, how many batches make one update. */
public record RunRecipe(Precision precision, int accumulate, long seed, boolean deterministic) {
    /** The number format of the dense operators; parameters and updates are always 32-bit. */
    public enum Precision {
        F32,
        /** bfloat16 by autocast where the device has it. */
        BF16
    }

    public RunRecipe {
        Bounds.atLeast("accumulate", accumulate, 1);
    }
}
