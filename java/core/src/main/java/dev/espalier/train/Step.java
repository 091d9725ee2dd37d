package dev.espalier.train;

import java.util.Comparator;

/** A position in training: the epoch and the number of batches of it already consumed, both counted from zero. */
public record Step(int epoch, int iteration) implements Comparable<Step> {
    /** The beginning of training. */
    public static final Step START = new Step(0, 0);

    private static final Comparator<Step> ORDER =
            Comparator.comparingInt(Step::epoch).thenComparingInt(Step::iteration);

    public Step {
        if (epoch < 0 || iteration < 0) {
            throw new IllegalArgumentException("a step counts from zero, got epoch " + epoch + ", batch " + iteration);
        }
    }

    /** The position after one more batch of an epoch of {@code perEpoch} batches. */
    public Step next(int perEpoch) {
        return iteration + 1 < perEpoch ? new Step(epoch, iteration + 1) : new Step(epoch + 1, 0);
    }

    /** Batches consumed since the start. */
    public long total(int perEpoch) {
        return (long) epoch * perEpoch + iteration;
    }

    @Override
    public int compareTo(Step other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return "epoch " + (epoch + 1) + ", batch " + iteration;
    }
}
