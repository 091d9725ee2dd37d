package dev.espalier.pipeline;

import dev.espalier.model.Model;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Determinism;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Times models in turns, so that whatever else the machine does slows all alike, in sessions that choose their kernels by timing, be the
 * process in deterministic mode or not.
 *
 * @param batch samples per run of models whose batch is open
 * @param repeats turns that count; a few more warm up
 */
public record LatencyRace(int batch, int repeats, Device device) {
    private static final int WARM_UP = 5;

    public LatencyRace {
        if (batch < 1 || repeats < 1) {
            throw new IllegalArgumentException(
                    "a race needs a batch and repeats of at least 1, got " + batch + " and " + repeats);
        }
    }

    /** As {@link #medians(List, IntConsumer)}, telling nobody. */
    public List<Double> medians(List<Model> models) {
        return medians(models, turns -> {});
    }

    /** Median milliseconds of one run, model by model; {@code turns} is told how many are done. */
    public List<Double> medians(List<Model> models, IntConsumer turns) {
        return run(models, turns).stream().map(times -> quantile(times, 0.5)).toList();
    }

    /** For each model its times in milliseconds, ascending; {@code turns} is told how many are done. */
    public List<double[]> run(List<Model> models, IntConsumer turns) {
        boolean deterministic = Determinism.isEnabled();
        Determinism.enable(false);
        try {
            return raced(models, turns);
        } finally {
            Determinism.enable(deterministic);
        }
    }

    private List<double[]> raced(List<Model> models, IntConsumer turns) {
        List<Session> sessions = new ArrayList<>();
        List<double[]> millis = new ArrayList<>();
        try (Scope scope = Scope.open()) {
            List<Map<String, Tensor>> inputs = new ArrayList<>();
            for (Model model : models) {
                sessions.add(Session.of(model, device, batch));
                inputs.add(sample(model));
                millis.add(new double[repeats]);
            }
            for (int turn = -WARM_UP; turn < repeats; turn++) {
                for (int i = 0; i < sessions.size(); i++) {
                    double time = time(sessions.get(i), inputs.get(i));
                    if (turn >= 0) {
                        millis.get(i)[turn] = time;
                    }
                }
                turns.accept(Math.max(0, turn + 1));
            }
        } finally {
            sessions.forEach(Session::close);
        }
        millis.forEach(Arrays::sort);
        return millis;
    }

    private Map<String, Tensor> sample(Model model) {
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        model.graph().inputs().forEach((name, type) -> inputs.put(name, sample(type)));
        return inputs;
    }

    /** Ordinary numbers, and zeros where numbers look something up; no random number of a run is drawn. */
    private Tensor sample(TensorType type) {
        long[] shape = type.forSamples(batch).shape().toArray();
        return Tensor.full(type.dtype().isFloating() ? 0.5 : 0, type.dtype(), device, shape);
    }

    /** Milliseconds until the outputs are back on the host. */
    private static double time(Session session, Map<String, Tensor> inputs) {
        long begun = System.nanoTime();
        try (Scope scope = Scope.open()) {
            session.run(inputs).values().forEach(Tensor::toBytes);
        }
        return (System.nanoTime() - begun) / 1e6;
    }

    /** Linear interpolation between the two nearest ranks. */
    public static double quantile(double[] sorted, double share) {
        double rank = share * (sorted.length - 1);
        int below = (int) Math.floor(rank);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
    }
}
