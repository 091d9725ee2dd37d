package dev.espalier.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The mean and the standard deviation of each channel over the pixels of a split, pixels scaled to 0..1; of no channels where samples are not images alone.
 *
 * @param mean one per channel
 * @param std one per channel, above 0 (the population's; 1 for a channel that is constant, which then normalises to 0)
 */
public record Statistics(List<Float> mean, List<Float> std) {
    public Statistics {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (mean.size() != std.size()) {
            throw new DataException("statistics: expected a mean and a deviation per channel, got " + mean.size()
                    + " and " + std.size());
        }
        for (int c = 0; c < std.size(); c++) {
            if (!(std.get(c) > 0) || !Float.isFinite(std.get(c)) || !Float.isFinite(mean.get(c))) {
                throw new DataException(
                        "statistics of channel " + c + ": expected a finite mean and a deviation above 0, got "
                                + mean.get(c) + " and " + std.get(c));
            }
        }
    }

    /** Those of samples that are not images alone. */
    public static Statistics none() {
        return identity(0);
    }

    /** Mean 0 and deviation 1: pixels stay as they are. */
    public static Statistics identity(int channels) {
        return new Statistics(Collections.nCopies(channels, 0f), Collections.nCopies(channels, 1f));
    }

    /**
     * Statistics from exact integer totals over bytes, so that they do not depend on the order of summing.
     *
     * @param pixels pixels per channel, at least 1
     * @param sums per channel, the sum of the bytes
     * @param squares per channel, the sum of their squares
     */
    public static Statistics ofTotals(long pixels, long[] sums, long[] squares) {
        List<Float> mean = new ArrayList<>();
        List<Float> std = new ArrayList<>();
        for (int c = 0; c < sums.length; c++) {
            double average = (double) sums[c] / pixels;
            double variance = (double) squares[c] / pixels - average * average;
            mean.add((float) (average / 255));
            std.add(variance > 1e-9 ? (float) (Math.sqrt(variance) / 255) : 1f);
        }
        return new Statistics(mean, std);
    }

    public int channels() {
        return mean.size();
    }
}
