package dev.espalier.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How the loss suffers when one layer alone loses more and more, and by that how much each may lose at equal damage (Han et al.,
 * arXiv 1506.02626; Li et al., arXiv 1608.08710). A layer is a channel group with all that goes with it, or a parameter.
 */
public final class Sensitivity {
    /** The shares that are removed of one layer after the other; damage between them is interpolated, beyond them extrapolated. */
    public static final List<Double> SHARES = List.of(0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99);

    /** Part of the largest damage that a whole layer adds: the flat parts of curves must have an order too. */
    private static final double TILT = 1e-9;
    /** From here on a damage stands for a loss that is no number, whose size says nothing of other layers. */
    private static final double RUIN = 1e29;
    /** Absorbs the rounding of interpolation. */
    private static final double SLACK = 1e-9;

    private static final int HALVINGS = 200;

    /** Shares from 0 to 1 with strictly increasing damages, by layer. */
    private final List<double[]> curves = new ArrayList<>();

    private final double[] shares = new double[SHARES.size() + 2];

    /** @param damages by layer, the change of the loss at each of {@link #SHARES} */
    Sensitivity(List<double[]> damages) {
        for (int i = 0; i < SHARES.size(); i++) {
            shares[i + 1] = SHARES.get(i);
        }
        shares[shares.length - 1] = 1;
        damages.forEach(measured -> curves.add(rising(measured)));
        double most = curves.stream()
                .flatMapToDouble(Arrays::stream)
                .filter(damage -> damage < RUIN)
                .max()
                .orElse(0);
        double tilt = TILT * Math.max(most, Float.MIN_NORMAL);
        for (double[] curve : curves) {
            for (int i = 0; i < curve.length; i++) {
                curve[i] += tilt * shares[i];
            }
        }
    }

    static Sensitivity of(Evidence evidence, List<String> layers) {
        List<double[]> damages = new ArrayList<>();
        for (String layer : layers) {
            float[] measured = evidence.of(Measure.DAMAGES, layer).toFloatArray();
            if (measured.length != SHARES.size()) {
                throw new PruningException("the damages of '" + layer + "' must be one for each of the shares " + SHARES
                        + ", got " + measured.length);
            }
            double[] own = new double[measured.length];
            for (int i = 0; i < own.length; i++) {
                own[i] = measured[i];
            }
            damages.add(own);
        }
        return new Sensitivity(damages);
    }

    /** Chance gains count as none, and what less has damaged more does too. */
    private double[] rising(double[] measured) {
        double[] curve = new double[shares.length];
        for (int i = 0; i < measured.length; i++) {
            curve[i + 1] = Math.max(curve[i], measured[i]);
        }
        int last = measured.length;
        double slope = (curve[last] - curve[last - 1]) / (shares[last] - shares[last - 1]);
        curve[last + 1] = curve[last] + slope * (1 - shares[last]);
        return curve;
    }

    /**
     * How many parts each layer loses when {@code k} go in all, those first whose removal does the least damage to their layer.
     *
     * @param sizes parts of each layer
     * @param most of each layer that may go; k is at most their sum
     */
    long[] first(long k, long[] sizes, long[] most) {
        double low = 0;
        double high = curves.stream().mapToDouble(c -> c[c.length - 1]).max().orElse(0);
        for (int i = 0; i < HALVINGS && low < high; i++) {
            double middle = (low + high) / 2;
            if (sum(upTo(middle, sizes, most)) <= k) {
                low = middle;
            } else {
                high = middle;
            }
        }
        long[] lost = upTo(low, sizes, most);
        long[] more = upTo(high, sizes, most);
        long left = k - sum(lost);
        for (int i = 0; i < lost.length && left > 0; i++) {
            long added = Math.min(left, more[i] - lost[i]);
            lost[i] += added;
            left -= added;
        }
        return lost;
    }

    private static long sum(long[] counts) {
        long sum = 0;
        for (long count : counts) {
            sum += count;
        }
        return sum;
    }

    /** What goes at a damage of at most {@code limit} to each layer. */
    private long[] upTo(double limit, long[] sizes, long[] most) {
        long[] counts = new long[sizes.length];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = Math.min(most[i], (long) Math.floor(share(curves.get(i), limit) * sizes[i] + SLACK));
        }
        return counts;
    }

    private double share(double[] curve, double limit) {
        int above = 0;
        while (above < curve.length && curve[above] <= limit) {
            above++;
        }
        if (above == curve.length) {
            return 1;
        }
        if (above == 0) {
            return 0;
        }
        double along = (limit - curve[above - 1]) / (curve[above] - curve[above - 1]);
        return shares[above - 1] + along * (shares[above] - shares[above - 1]);
    }
}
