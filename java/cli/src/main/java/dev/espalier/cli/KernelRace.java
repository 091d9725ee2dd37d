package dev.espalier.cli;

import static java.util.Objects.requireNonNull;

import dev.espalier.pipeline.LatencyRace;
import dev.espalier.runtime.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Pieces of work timed in turns, so that whatever else the machine does slows all alike. */
final class KernelRace {
    private static final int LEAST_ROUNDS = 5;
    private static final int MOST_ROUNDS = 200;

    private final Map<String, Runnable> contestants = new LinkedHashMap<>();

    /** Adds a piece of work, which runs in a scope of its own. */
    void add(String name, Runnable work) {
        contestants.put(name, work);
    }

    /** Median milliseconds of each piece of work. */
    record Medians(Map<String, Double> byName) {
        double of(String name) {
            return requireNonNull(byName.get(name), name);
        }
    }

    /** Median milliseconds, of as many rounds as fit into so many seconds, but at least five after a warm-up. */
    Medians run(double seconds) {
        Map<String, double[]> times = new LinkedHashMap<>();
        contestants.forEach((name, work) -> {
            nanos(work);
            times.put(name, new double[MOST_ROUNDS]);
        });
        List<String> order = new ArrayList<>(contestants.keySet());
        Random random = new Random(1); // nobody always follows the same one
        long begun = System.nanoTime();
        int rounds = 0;
        while (rounds < MOST_ROUNDS && (rounds < LEAST_ROUNDS || System.nanoTime() - begun < seconds * 1e9)) {
            Collections.shuffle(order, random);
            for (String name : order) {
                requireNonNull(times.get(name))[rounds] = nanos(requireNonNull(contestants.get(name))) / 1e6;
            }
            rounds++;
        }
        Map<String, Double> medians = new LinkedHashMap<>();
        for (Map.Entry<String, double[]> one : times.entrySet()) {
            double[] sorted = Arrays.copyOf(one.getValue(), rounds);
            Arrays.sort(sorted);
            medians.put(one.getKey(), LatencyRace.quantile(sorted, 0.5));
        }
        return new Medians(medians);
    }

    static double nanos(Runnable work) {
        long begun = System.nanoTime();
        try (Scope scope = Scope.open()) {
            work.run();
        }
        return System.nanoTime() - begun;
    }
}
