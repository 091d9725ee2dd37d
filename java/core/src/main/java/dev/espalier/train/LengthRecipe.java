package dev.espalier.train;

/**
 * How long to train and which weights to end with; patience 0 never stops early.
 *
 * @param averageDecay what stays of a moving average of the weights in an update; 0 keeps no average
 */
public record LengthRecipe(int epochs, int patience, boolean keepBest, double averageDecay) {
    public LengthRecipe {
        Bounds.atLeast("epochs", epochs, 0);
        Bounds.atLeast("patience", patience, 0);
        Bounds.within("ema", averageDecay, 0, 1);
    }
}
