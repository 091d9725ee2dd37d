package dev.espalier.manifest.encode;

import dev.espalier.data.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A column of numbers and its way to 0..1: linear between knots, which lie at equal steps from 0 to 1; clipped beyond them.
 *
 * @param knots two or more, ascending: least and greatest, or quantiles of the training rows
 */
public record NumberColumn(String name, List<Double> knots) {
    /** Quantiles of a column that is not scaled from its least to its greatest number. */
    private static final int QUANTILES = 33;

    public NumberColumn {
        knots = List.copyOf(knots);
        for (int i = 0; i < knots.size(); i++) {
            if (!Double.isFinite(knots.get(i)) || (i > 0 && knots.get(i) < knots.get(i - 1))) {
                throw new DataException("column '" + name + "': expected ascending knots, got " + knots);
            }
        }
        if (knots.size() < 2) {
            throw new DataException("column '" + name + "': expected at least two knots, got " + knots);
        }
    }

    /**
     * Learns from the training rows.
     *
     * @param values may be empty: then all numbers are clipped to 0 or 1
     * @param quantiles whether every step of 0..1 holds as many training rows as the others
     */
    static NumberColumn fit(String name, double[] values, boolean quantiles) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        if (sorted.length == 0) {
            return new NumberColumn(name, List.of(0.0, 1.0));
        }
        int steps = quantiles ? QUANTILES - 1 : 1;
        List<Double> knots = new ArrayList<>();
        for (int i = 0; i <= steps; i++) {
            knots.add(sorted[(int) Math.round((double) i / steps * (sorted.length - 1))]);
        }
        return new NumberColumn(name, knots);
    }

    /** The number in 0..1. */
    float scaled(double value) {
        int last = knots.size() - 1;
        if (value <= knots.get(0)) {
            return value < knots.get(last) ? 0 : 0.5f;
        }
        if (value >= knots.get(last)) {
            return 1;
        }
        int below = 0;
        int above = last;
        while (above - below > 1) {
            int middle = (below + above) >>> 1;
            if (knots.get(middle) <= value) {
                below = middle;
            } else {
                above = middle;
            }
        }
        double from = knots.get(below);
        return (float) ((below + (value - from) / (knots.get(above) - from)) / last);
    }
}
