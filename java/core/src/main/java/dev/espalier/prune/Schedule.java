package dev.espalier.prune;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The share to be removed as a function of progress, which runs from 0 at the begin of the pruning phase to 1 at its end.
 *
 * <p>Schedules reach the final target at the last of their {@link #moments}; all but {@link Cyclic} never fall.
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

    /** In equal steps during training; see {@link Curve#LINEAR}. */
    static Schedule linear(double begin, double end, double every) {
        return new Gradual(Curve.LINEAR, begin, end, every);
    }

    /** Equal shares of what is left; see {@link Curve#EXPONENTIAL}. */
    static Schedule exponential(double begin, double end, double every) {
        return new Gradual(Curve.EXPONENTIAL, begin, end, every);
    }

    /** Fast at first, slower towards the end; see {@link Curve#CUBIC}. */
    static Schedule cubic(double begin, double end, double every) {
        return new Gradual(Curve.CUBIC, begin, end, every);
    }

    /** Up, and between cycles down again; see {@link Cyclic}. */
    static Schedule cyclic(int cycles, double low, double begin, double end, double every) {
        return new Cyclic(cycles, low, begin, end, every);
    }

    /** Whether the target is reached for good. */
    default boolean over(double progress) {
        List<Double> moments = moments();
        return progress >= moments.get(moments.size() - 1) - SLACK;
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

    /** How the share follows t, which runs from 0 at the begin of a gradual schedule to 1 at its end. */
    enum Curve {
        /** {@code target * t}. */
        LINEAR,
        /** {@code 1 - (1 - target)^t}: each interval removes the same share of what is left. */
        EXPONENTIAL,
        /** {@code target * (1 - (1 - t)^3)}: fast at first, slower towards the end (Zhu and Gupta, arXiv 1710.01878). */
        CUBIC;

        double at(double t, double target) {
            double left = 1 - t;
            return switch (this) {
                case LINEAR -> target * t;
                case EXPONENTIAL -> 1 - Math.pow(1 - target, t);
                case CUBIC -> target * (1 - left * left * left);
            };
        }
    }

    /** Follows a curve from {@code begin} to {@code end}, held constant between moments that are {@code every} apart. */
    record Gradual(Curve curve, double begin, double end, double every) implements Schedule {
        public Gradual {
            check(
                    begin >= 0 && begin < end && end <= 1 && every > 0 && every <= end - begin + SLACK,
                    "a gradual schedule needs 0 <= begin < end <= 1 and 0 < every <= end - begin, got begin " + begin
                            + ", end " + end + ", every " + every);
        }

        @Override
        public double at(double progress, double target) {
            if (progress < begin - SLACK) {
                return 0;
            }
            double held = every * Math.floor((progress - begin) / every + SLACK);
            return over(progress) ? target : curve.at(held / (end - begin), target);
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

    /**
     * In each of {@code cycles} equal cycles the share rises to the target on a cubic curve; between two of them it stays there as
     * long as it has risen and then falls to {@code low} times the target, which lets removed weights grow again (after Srinivas et
     * al., "Cyclical pruning for sparse neural networks", 2022).
     *
     * @param every between the steps of a rise
     */
    record Cyclic(int cycles, double low, double begin, double end, double every) implements Schedule {
        public Cyclic {
            check(cycles >= 2, "a cyclic schedule needs at least 2 cycles, got " + cycles);
            check(low >= 0 && low < 1, "a cyclic schedule falls to a share of at least 0 and below 1, got " + low);
            check(
                    begin >= 0 && begin < end && end <= 1 && every > 0 && every <= rise(cycles, begin, end) + SLACK,
                    "a cyclic schedule needs 0 <= begin < end <= 1 and 0 < every <= "
                            + "(end - begin) / (2 cycles - 1), got begin " + begin + ", end " + end + ", every "
                            + every + ", cycles " + cycles);
        }

        private static double rise(int cycles, double begin, double end) {
            return (end - begin) / (2 * cycles - 1);
        }

        private double rise() {
            return rise(cycles, begin, end);
        }

        @Override
        public double at(double progress, double target) {
            if (progress < begin - SLACK) {
                return 0;
            }
            double rises = (progress - begin) / rise() + SLACK;
            int cycle = (int) Math.min(Math.floor(rises / 2), cycles - 1);
            double floor = cycle == 0 ? 0 : low * target;
            double since = progress - begin - 2 * cycle * rise();
            double held = every * Math.floor(since / every + SLACK);
            boolean risen = since >= rise() - SLACK;
            return risen ? target : floor + Curve.CUBIC.at(Math.max(0, held) / rise(), target - floor);
        }

        @Override
        public List<Double> moments() {
            int inner = (int) Math.ceil(rise() / every - SLACK) - 1;
            List<Double> moments = new ArrayList<>();
            for (int cycle = 0; cycle < cycles; cycle++) {
                double start = begin + 2 * cycle * rise();
                for (int i = cycle == 0 ? 1 : 0; i <= inner; i++) {
                    moments.add(start + i * every);
                }
                moments.add(cycle == cycles - 1 ? end : start + rise());
            }
            return List.copyOf(moments);
        }
    }
}
