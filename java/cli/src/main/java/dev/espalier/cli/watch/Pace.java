package dev.espalier.cli.watch;

import java.util.Locale;

/** How fast a fit goes and how long it will still take, from the times at which its batches and epochs ended. */
public final class Pace {
    /** The share of the newest batch in the mean, once there are as many as its reciprocal. */
    private static final double NEWEST = 0.05;

    private final int epochs;
    private final int perEpoch;
    private long done;
    private long batches;
    private double batchSeconds;
    private double batchSamples;
    private int pauses;
    private double pauseSeconds;
    private boolean running;
    private long last;

    /** A fit of so many epochs of so many batches. */
    public Pace(int epochs, int perEpoch) {
        this.epochs = epochs;
        this.perEpoch = perEpoch;
    }

    /**
     * A batch ended. The first one takes no part in the mean, for it prepares the others.
     *
     * @param position batches since the start of the fit
     * @param nanos the time, from any origin
     */
    public void batch(long position, int samples, long nanos) {
        done = position;
        if (running) {
            batches++;
            double share = Math.max(NEWEST, 1.0 / batches);
            batchSeconds += share * (since(nanos) - batchSeconds);
            batchSamples += share * (samples - batchSamples);
        }
        running = true;
        last = nanos;
    }

    /** An epoch ended, with its validation. */
    public void epoch(long nanos) {
        if (running) {
            pauses++;
            pauseSeconds += (since(nanos) - pauseSeconds) / pauses;
        }
        last = nanos;
    }

    /** Something else than training comes before the next batch, which takes no part in the mean. */
    public void interrupt() {
        running = false;
    }

    private double since(long nanos) {
        return (nanos - last) / 1e9;
    }

    /** Samples of training a second, without validation; NaN before the second batch. */
    public double samplesPerSecond() {
        return batches == 0 ? Double.NaN : batchSamples / batchSeconds;
    }

    /** Seconds to the end of the last epoch; NaN before the second batch. Validation counts once it has been seen. */
    public double secondsLeft() {
        long left = (long) epochs * perEpoch - done;
        long pausesLeft = epochs - done / perEpoch;
        return batches == 0 ? Double.NaN : left * batchSeconds + pausesLeft * pauseSeconds;
    }

    /** What is known of speed and time left, as the end of a line: empty, or begun by a comma. */
    @Override
    public String toString() {
        if (batches == 0) {
            return "";
        }
        String speed = String.format(Locale.ROOT, ", %.0f samples/s", samplesPerSecond());
        return done < (long) epochs * perEpoch ? speed + ", " + duration(secondsLeft()) + " left" : speed;
    }

    /** Two units at most: {@code 48 s}, {@code 3 min 12 s}, {@code 1 h 5 min}. */
    public static String duration(double seconds) {
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        return whole < 3600
                ? whole / 60 + " min " + whole % 60 + " s"
                : whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }
}
