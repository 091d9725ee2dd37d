package dev.espalier.manifest.check;

import java.util.Arrays;

/**
 * How numbers are spread; quantiles between two numbers are interpolated linearly.
 *
 * @param count of numbers, at least 1
 * @param least the smallest
 * @param q05 above 5 % of them
 * @param q25 above a quarter
 * @param median above half
 * @param q75 above three quarters
 * @param q95 above 95 %
 * @param greatest the largest
 * @param mean their average
 */
public record Quantiles(
        long count,
        double least,
        double q05,
        double q25,
        double median,
        double q75,
        double q95,
        double greatest,
        double mean) {

    static Quantiles of(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double mean = Arrays.stream(sorted).sum() / sorted.length;
        return new Quantiles(
                sorted.length,
                sorted[0],
                at(sorted, 0.05),
                at(sorted, 0.25),
                at(sorted, 0.5),
                at(sorted, 0.75),
                at(sorted, 0.95),
                sorted[sorted.length - 1],
                mean);
    }

    private static double at(double[] sorted, double share) {
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(sorted.length - 1, below + 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
