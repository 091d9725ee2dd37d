package dev.espalier.pipeline;

import dev.espalier.model.Architecture;

/** The small dense networks that pruned ones must be compared with. */
public final class Baselines {
    /** Halvings of the interval that the width is sought in: finer than one channel of the widest architecture. */
    private static final int HALVINGS = 16;

    private Baselines() {}

    /**
     * The largest width of an architecture, as a factor on its channels, with no more than {@code macs} multiply-accumulates
     * per sample; train it for as many epochs as the pruned model saw in all.
     *
     * @param widest the width of the unpruned network, at most what is given
     */
    public static double smallDenseWidth(Architecture architecture, double widest, long macs) {
        if (architecture.macs(widest) <= macs) {
            return widest;
        }
        double fits = 0;
        double tooWide = widest;
        for (int i = 0; i < HALVINGS; i++) {
            double width = (fits + tooWide) / 2;
            if (architecture.macs(width) <= macs) {
                fits = width;
            } else {
                tooWide = width;
            }
        }
        if (fits == 0) {
            throw new IllegalArgumentException("architecture '" + architecture.name() + "' needs more than " + macs
                    + " multiply-accumulates even with one channel per layer");
        }
        return fits;
    }
}
