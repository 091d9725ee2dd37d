package dev.espalier.prune;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The share to be removed as a function of progress, which runs from 0 at the begin of the pruning phase to 1 at its end.
 *
 * <p>Schedules never fall, and reach the final target at the last of their {@link #moments}.
 */
public sealed interface Schedule {
    /** Absorbs the rounding of progress computed as a quotient of step numbers. */
    double SLACK = 1e-9;

    /** The share removed at this progress when {@code target} is to be removed in the end. */
    double at(double progress, double target);

    /** The progress at which the share changes, ascending: the moments to prune at. */
    List<Double> moments();

    /** Everything at once. */
    static Schedule oneShot() {
        return new Iterative(1);
    }

    /** In {@code steps} equal steps. */
    static Schedule iterative(int steps) {
        return new Iterative(steps);
    }

    /** Fast at first, slower towards the end; see {@link Cubic}. */
    static Schedule cubic(double begin, double end, double every) {
        return new Cubic(begin, end, every);
    }

    private static void check(boolean condition, String message) {
        if (!condition) {
            throw new PruningException(message);
        }
    }

    /** Step i of n, at progress i / n, removes (i + 1) / n of the target. */
    record Iterative(int steps) implements Schedule {
        public Iterative {
            check(steps >= 1, "an iterative schedule needs at least 1 step, got " + steps);
        }

        @Override
        public double at(double progress, double target) {
            double step = Math.floor(progress * steps + SLACK) + 1;
            return progress < 0 ? 0 : target * Math.min(step / steps, 1);
        }

        @Override
        public List<Double> moments() {
            return IntStream.range(0, steps).mapToObj(i -> (double) i / steps).toList();
        }
    }

    /**
     * {@code target * (1 - (1 - t)^3)} with t from 0 at {@code begin} to 1 at {@code end}, held constant between moments that are
     * {@code every} apart (Zhu and Gupta, arXiv 1710.01878, with initial sparsity 0).
     */
    record Cubic(double begin, double end, double every) implements Schedule {
        public Cubic {
            check(
                    begin >= 0 && begin < end && end <= 1 && every > 0 && every <= end - begin + SLACK,
                    "a cubic schedule needs 0 <= begin < end <= 1 and 0 < every <= end - begin, got begin " + begin
                            + ", end " + end + ", every " + every);
        }

        @Override
        public double at(double progress, double target) {
            if (progress < begin - SLACK) {
                return 0;
            }
            double held = begin + every * Math.floor((progress - begin) / every + SLACK);
            boolean over = progress >= end - SLACK;
            double left = over ? 0 : 1 - (held - begin) / (end - begin);
            return target * (1 - left * left * left);
        }

        /** The first moment is one interval after {@code begin}, where the share is still 0. */
        @Override
        public List<Double> moments() {
            int inner = (int) Math.ceil((end - begin) / every - SLACK) - 1;
            return DoubleStream.concat(
                            IntStream.rangeClosed(1, inner).mapToDouble(i -> begin + i * every), DoubleStream.of(end))
                    .boxed()
                    .toList();
        }
    }
}
