package dev.espalier.train;

import dev.espalier.data.Batches;
import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A search for the learning rate: a copy of the model is trained while the rate grows exponentially, and the rate at which the loss falls
 * fastest is taken (Smith, "Cyclical learning rates for training neural networks", 2017).
 *
 * @param from the rate of the first batch
 * @param to the rate of the last batch, where the loss does not diverge before
 * @param batches how many there are
 */
public record RateSearch(double from, double to, int batches) {
    /** From 1e-6 to 10 in 200 batches. */
    public static final RateSearch USUAL = new RateSearch(1e-6, 10, 200);

    /** The mean of the loss so far forgets at this rate. */
    private static final double FORGETS = 0.1;
    /** A loss so many times the least is taken to diverge. */
    private static final double TOO_MUCH = 4;
    /** The share of the batches that smoothing reaches over on either side. */
    private static final double REACH = 0.05;

    public RateSearch {
        Bounds.positive("the first rate", from);
        if (!(to > from)) {
            throw new IllegalArgumentException("the last rate must be above the first, " + from + ", got " + to);
        }
        Bounds.atLeast("batches of a search", batches, 20);
    }

    /**
     * What was seen at one rate.
     *
     * @param loss of the one batch
     * @param smoothed mean over the batches around it
     */
    public record Point(double rate, double loss, double smoothed) {}

    /**
     * The losses by rate, and what follows from them.
     *
     * @param steepest where the smoothed loss fell fastest; none if it never fell
     * @param lowest where the smoothed loss was least
     * @param diverged whether the loss grew too large for the search to go on
     */
    public record Found(List<Point> points, Optional<Double> steepest, double lowest, boolean diverged) {
        public Found {
            points = List.copyOf(points);
        }
    }

    /** Searches by the recipe's optimiser and penalties; the model stays as it is. The same seed finds the same. */
    public Found run(Model model, Batches data, Recipe recipe, Device device) {
        int epochs = (batches + data.perEpoch() - 1) / data.perEpoch();
        Recipe ramp = recipe.with(Map.of("epochs", epochs, "ema", 0, "distill", 0));
        Losses losses = new Losses(batches);
        try (TrainingState state = TrainingState.of(model, ramp.optimizer(), device)) {
            Trainer.ramp(state, data, ramp, step -> rate(step.total(data.perEpoch())), losses);
        } catch (DivergenceException e) {
            losses.diverged = true;
        }
        return found(losses);
    }

    private double rate(long batch) {
        return from * Math.pow(to / from, (double) batch / (batches - 1));
    }

    private Found found(Losses losses) {
        int reach = Math.max(1, (int) Math.round(REACH * batches));
        List<Double> raw = losses.values;
        double[] smoothed = new double[raw.size()];
        int lowest = 0;
        for (int i = 0; i < smoothed.length; i++) {
            smoothed[i] = raw.subList(Math.max(0, i - reach), Math.min(smoothed.length, i + reach + 1)).stream()
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElseThrow();
            lowest = smoothed[i] < smoothed[lowest] ? i : lowest;
        }
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < smoothed.length; i++) {
            points.add(new Point(rate(i), raw.get(i), smoothed[i]));
        }
        int steepest = steepest(smoothed, reach, lowest);
        return new Found(
                points, steepest < 0 ? Optional.empty() : Optional.of(rate(steepest)), rate(lowest), losses.diverged);
    }

    /** Where the loss falls most over two reaches, before it is lowest; -1 if nowhere. */
    static int steepest(double[] smoothed, int reach, int lowest) {
        int steepest = -1;
        double fall = 0;
        for (int i = reach; i + reach < smoothed.length && i <= lowest; i++) {
            double here = smoothed[i - reach] - smoothed[i + reach];
            if (here > fall) {
                fall = here;
                steepest = i;
            }
        }
        return steepest;
    }

    /** Remembers losses until there are enough, or they diverge. */
    private static final class Losses implements Listener {
        private final List<Double> values = new ArrayList<>();
        private final int wanted;
        private double mean;
        private double least = Double.POSITIVE_INFINITY;
        private boolean diverged;

        Losses(int wanted) {
            this.wanted = wanted;
        }

        @Override
        public void stepEnd(StepReport report) {
            values.add(report.loss());
            mean += Math.max(FORGETS, 1.0 / values.size()) * (report.loss() - mean);
            least = Math.min(least, mean);
            diverged = mean > TOO_MUCH * least;
        }

        @Override
        public boolean stops() {
            return diverged || values.size() >= wanted;
        }
    }
}
