package dev.espalier.pipeline;

/** Median milliseconds of a dense and of a pruned model that ran in turns. */
public record LatencyRatio(double denseMillis, double prunedMillis) {
    /** The pruned model's share of the dense one's time. */
    public double ratio() {
        return prunedMillis / denseMillis;
    }
}
