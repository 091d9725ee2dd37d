package dev.espalier.cli.watch;

import dev.espalier.train.StepReport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How fast a stage trains and how long it will go on, judged by the batches so far. */
final class Pace {
    /** What a batch counts for in the speed after one more. */
    private static final double FADING = 0.95;

    private final LongSupplier nanos;
    private final long born;
    private long begun;
    private long latest;
    private long total;
    private long before;
    private long done;
    private boolean between = true;
    private double samples;
    private double seconds;

    /** {@code nanos} is a clock as {@link System#nanoTime}. */
    Pace(LongSupplier nanos) {
        this.nanos = nanos;
        this.born = nanos.getAsLong();
    }

    /** Seconds since the beginning, samples per second of training alone, and seconds left in the stage; null where not known yet. */
    record Speed(
            double secondsElapsed,
            @Nullable Double samplesPerSecond,
            @Nullable Double secondsLeft) {}

    /** A stage of {@code batches} begins. */
    void begin(long batches) {
        total = batches;
        before = -1;
        done = 0;
        samples = 0;
        seconds = 0;
        between = true;
        begun = nanos.getAsLong();
        latest = begun;
    }

    void step(StepReport report) {
        if (before < 0) {
            before = report.batches() - 1;
        }
        done = report.batches();
        long now = nanos.getAsLong();
        if (!between) {
            samples = FADING * samples + report.samples();
            seconds = FADING * seconds + (now - latest) / 1e9;
        }
        between = false;
        latest = now;
    }

    /** Something other than training comes before the next batch. */
    void pause() {
        between = true;
    }

    double secondsElapsed() {
        return (nanos.getAsLong() - born) / 1e9;
    }

    Speed speed() {
        Double left = null;
        if (done > before && done > 0) {
            double each = (latest - begun) / 1e9 / (done - before);
            left = Math.max(0, each * (total - done) - (nanos.getAsLong() - latest) / 1e9);
        }
        return new Speed(secondsElapsed(), seconds > 0 ? samples / seconds : null, left);
    }
}
