package dev.espalier.train;

/** How long to train and which epoch's weights to keep; patience 0 never stops early. */
public record LengthRecipe(int epochs, int patience, boolean keepBest) {
    public LengthRecipe {
        Bounds.atLeast("epochs", epochs, 0);
        Bounds.atLeast("patience", patience, 0);
    }
}
