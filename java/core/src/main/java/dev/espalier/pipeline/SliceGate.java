package dev.espalier.pipeline;

import dev.espalier.train.SliceScore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What pruning may cost any part of the validation samples.
 *
 * @param mostPoints the largest drop of accuracy, in percentage points, at least 0
 * @param leastSamples smaller slices are too few to judge by, at least 1
 * @param retries how often less is pruned where a slice loses more, before it is given up
 */
public record SliceGate(double mostPoints, int leastSamples, int retries) {
    /** What is left of the target at each retry. */
    private static final double BACK_OFF = 0.75;

    private record Drop(SliceScore before, SliceScore after) {
        double points() {
            return 100 * (before.accuracy() - after.accuracy());
        }

        String told() {
            return String.format(
                    Locale.ROOT,
                    "'%s' (%d samples) fell by %.2f points, from %.2f to %.2f %%",
                    after.name(),
                    after.samples(),
                    points(),
                    100 * before.accuracy(),
                    100 * after.accuracy());
        }
    }

    public SliceGate {
        if (!(mostPoints >= 0) || leastSamples < 1 || retries < 0) {
            throw new IllegalArgumentException(
                    "a slice gate needs a drop of at least 0 points, slices of at least 1 sample"
                            + " and at least 0 retries, got " + mostPoints + ", " + leastSamples + " and " + retries);
        }
    }

    /** The slices of enough samples that lost more than is allowed, in words, the worst first. */
    public List<String> breaches(List<SliceScore> before, List<SliceScore> after) {
        Map<String, SliceScore> was = new LinkedHashMap<>();
        before.forEach(slice -> was.put(slice.name(), slice));
        List<Drop> drops = new ArrayList<>();
        for (SliceScore is : after) {
            SliceScore then = was.get(is.name());
            if (then != null && is.samples() >= leastSamples) {
                Drop drop = new Drop(then, is);
                // Accuracies are shares of whole samples: a drop that is equal to the limit but for rounding is within
                // it.
                if (drop.points() > mostPoints + 1e-9) {
                    drops.add(drop);
                }
            }
        }
        drops.sort(Comparator.comparingDouble(Drop::points).reversed());
        return drops.stream().map(Drop::told).toList();
    }

    /** The target of a retry, numbered from 1; of 0 the first. */
    double target(double first, int retry) {
        return first * Math.pow(BACK_OFF, retry);
    }
}
