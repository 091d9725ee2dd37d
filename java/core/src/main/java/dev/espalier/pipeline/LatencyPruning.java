package dev.espalier.pipeline;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.prune.Compaction;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Pruner;
import dev.espalier.prune.PruningException;
import dev.espalier.runtime.Device;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Prunes channels or layers until the compacted model takes a wanted share of the dense one's time.
 *
 * <p>Times of single layers say how many have to go; the model that is left is then raced against the dense one, and what the
 * layers are asked for is corrected by what the race shows, until a race and a second one that confirms it are both near enough.
 */
public final class LatencyPruning {
    private static final int MOST_ATTEMPTS = 10;
    /** One correction asks for no less than this share of what was asked for before. */
    private static final double LARGEST_STEP = 0.5;

    private final Model dense;
    private final Pruner pruner;
    private final Stopwatch watch;
    private final int batch;
    private final Consumer<String> told;

    private int races;

    LatencyPruning(Model dense, Pruner pruner, Stopwatch watch, int batch, Consumer<String> told) {
        this.dense = dense;
        this.pruner = pruner;
        this.watch = watch;
        this.batch = batch;
        this.told = told;
    }

    /**
     * Prepares to measure on a device.
     *
     * @param dense on exactly the pruner's graph
     * @param batch samples per run, where the model leaves it open
     * @param told hears a line about every measurement
     */
    public static LatencyPruning on(Device device, int batch, Model dense, Pruner pruner, Consumer<String> told) {
        return new LatencyPruning(dense, pruner, new DeviceStopwatch(dense, device, batch), batch, told);
    }

    /** A mask with what was measured of it. */
    public record Outcome(Mask mask, LatencyReport report) {}

    /**
     * The mask whose compacted model takes {@code 1 - target} times as long as the dense one, within the given mask, or the nearest that
     * was found; its report says which.
     *
     * @throws PruningException if by the times of the layers even the fewest channels take too long
     */
    public Outcome next(Mask mask, Evidence evidence, double target) {
        double wanted = 1 - target;
        NavigableMap<Double, Double> seen = new TreeMap<>();
        double aim = wanted;
        Outcome best = null;
        for (int attempt = 0; attempt < MOST_ATTEMPTS && !seen.containsKey(aim); attempt++) {
            Mask candidate;
            try {
                candidate = pruner.next(mask, evidence, 1 - aim, watch::estimate);
            } catch (PruningException e) {
                if (best == null) {
                    throw e;
                }
                told.accept("latency: the layers cannot take " + rounded(aim) + " of their time: " + e.getMessage());
                break;
            }
            Outcome measured = raced(candidate, target);
            if (measured.report().met()) {
                // What was chosen for its figure is likely to owe some of it to chance.
                measured = raced(candidate, target);
                if (measured.report().met()) {
                    return measured;
                }
            }
            double ratio = measured.report().measured().ratio();
            best = best == null || miss(measured, wanted) < miss(best, wanted) ? measured : best;
            if (ratio < wanted
                    && candidate.channels().equals(mask.channels())
                    && candidate.layers().equals(mask.layers())) {
                break;
            }
            seen.put(aim, ratio);
            aim = corrected(seen, aim, wanted);
        }
        if (best == null) {
            throw new IllegalStateException("no attempt was made");
        }
        return new Outcome(best.mask(), counted(best.report()));
    }

    private static double miss(Outcome outcome, double wanted) {
        return Math.abs(outcome.report().measured().ratio() - wanted);
    }

    private Outcome raced(Mask candidate, double target) {
        try (Model left = Compaction.unproved(dense, pruner.groups(), candidate)) {
            Graph graph = left.graph();
            LatencyRatio measured = watch.race(dense, left);
            races++;
            double estimate = watch.estimate(graph) / watch.estimate(dense.graph());
            told.accept("latency: " + rounded(measured.prunedMillis()) + " of " + rounded(measured.denseMillis())
                    + " ms are " + rounded(measured.ratio()) + ", wanted " + rounded(1 - target)
                    + "; the layers alone say " + rounded(estimate));
            return new Outcome(
                    candidate, new LatencyReport(target, batch, measured, estimate, watch.layerTimings(), races));
        }
    }

    private LatencyReport counted(LatencyReport report) {
        return new LatencyReport(
                report.target(), batch, report.measured(), report.estimate(), watch.layerTimings(), races);
    }

    /**
     * What to ask the layers for next: on the line between the nearest on both sides of what is wanted, where there are two; else in
     * proportion to the last.
     *
     * @param seen measured ratios by what was asked for
     */
    static double corrected(NavigableMap<Double, Double> seen, double last, double wanted) {
        double below = Double.NaN;
        double above = Double.NaN;
        for (var one : seen.entrySet()) {
            if (one.getValue() <= wanted) {
                below = one.getKey();
            } else if (Double.isNaN(above)) {
                above = one.getKey();
            }
        }
        if (below < above) {
            double low = seen.getOrDefault(below, wanted);
            double high = seen.getOrDefault(above, wanted);
            return below + (above - below) * (wanted - low) / (high - low);
        }
        double factor = wanted / seen.getOrDefault(last, wanted);
        return Math.min(1, last * Math.max(LARGEST_STEP, factor));
    }

    private static String rounded(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
