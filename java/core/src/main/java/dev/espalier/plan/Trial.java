package dev.espalier.plan;

/** Best times of a dense and a masked way to compute the same, measured in turns so that both see the same machine. */
public record Trial(double denseMillis, double maskedMillis) {
    private static final int WARM_UP = 2;
    private static final int LEAST_ROUNDS = 3;
    private static final int MOST_ROUNDS = 15;
    /** Once the rounds of one trial have taken this long, no further one begins. */
    private static final long LIMIT_NANOS = 60_000_000;
    /** A gain below this share is within the noise of a trial. */
    private static final double LEAST_GAIN = 0.05;

    /** Times both. */
    public static Trial run(Runnable dense, Runnable masked) {
        double first = Double.POSITIVE_INFINITY;
        double second = Double.POSITIVE_INFINITY;
        long start = System.nanoTime();
        for (int round = -WARM_UP; round < MOST_ROUNDS; round++) {
            if (round >= LEAST_ROUNDS && System.nanoTime() - start > LIMIT_NANOS) {
                break;
            }
            double ofDense = millis(dense);
            double ofMasked = millis(masked);
            if (round >= 0) {
                first = Math.min(first, ofDense);
                second = Math.min(second, ofMasked);
            }
        }
        return new Trial(first, second);
    }

    private static double millis(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e6;
    }

    /** Whether the masked way was faster by more than the noise. */
    public boolean maskedWins() {
        return maskedMillis < (1 - LEAST_GAIN) * denseMillis;
    }

    /** How many times as fast as the dense way the masked one was. */
    public double gain() {
        return denseMillis / maskedMillis;
    }
}
