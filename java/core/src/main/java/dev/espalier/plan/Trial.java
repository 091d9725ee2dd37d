package dev.espalier.plan;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Median times of a dense and a masked way to compute the same, measured in turns so that both see the same machine. Each run
 * finds caches and free memory as other layers would leave them: alone in a loop, a kernel is faster than it will ever be again.
 */
public record Trial(double denseMillis, double maskedMillis) {
    private static final int WARM_UP = 2;
    private static final int LEAST_ROUNDS = 5;
    private static final int MOST_ROUNDS = 25;
    /** Once the rounds of one trial have taken this long, no further one begins. */
    private static final long LIMIT_NANOS = 120_000_000;
    /** A gain below this share may be lost again: fresh pages alone make a step of large tensors 1.5 times slower or not. */
    private static final double LEAST_GAIN = 0.2;
    /** Floats of what is written before each run: more than a second-level cache holds. */
    private static final long OTHER_FLOATS = 1 << 21;

    /** Times both. */
    public static Trial run(Runnable dense, Runnable masked) {
        List<Double> first = new ArrayList<>();
        List<Double> second = new ArrayList<>();
        long start = System.nanoTime();
        for (int round = -WARM_UP; round < MOST_ROUNDS; round++) {
            if (round >= LEAST_ROUNDS && System.nanoTime() - start > LIMIT_NANOS) {
                break;
            }
            double ofDense = millis(dense);
            double ofMasked = millis(masked);
            if (round >= 0) {
                first.add(ofDense);
                second.add(ofMasked);
            }
        }
        return new Trial(median(first), median(second));
    }

    private static double median(List<Double> times) {
        Collections.sort(times);
        return times.get(times.size() / 2);
    }

    private static double millis(Runnable work) {
        try (Scope scope = Scope.open()) {
            Tensor.full(1, DType.F32, Device.CPU, OTHER_FLOATS);
        }
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
