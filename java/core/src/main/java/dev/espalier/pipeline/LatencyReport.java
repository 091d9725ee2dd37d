package dev.espalier.pipeline;

/**
 * How a latency target was met, or how nearly.
 *
 * @param target the share of the dense model's time that was to be saved
 * @param batch samples per run, where the model leaves it open
 * @param measured both models in turns; no choice was made by this measurement if the target is met
 * @param estimate the pruned model's share of the dense one's time, summed over layers that were timed alone
 * @param layerTimings layers timed alone, each shape once
 * @param races measurements of whole models
 */
public record LatencyReport(
        double target, int batch, LatencyRatio measured, double estimate, int layerTimings, int races) {
    /** How far the measured ratio may lie from the wanted one, as a share of it. */
    public static final double TOLERANCE = 0.05;

    /** Whether the measured ratio lies within {@value #TOLERANCE} of the wanted one. */
    public boolean met() {
        return within(measured.ratio(), 1 - target);
    }

    static boolean within(double ratio, double wanted) {
        return Math.abs(ratio - wanted) <= TOLERANCE * wanted;
    }
}
