package dev.espalier.cli;

import dev.espalier.model.Model;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Times models in turns, so that whatever else the machine does slows all alike. */
record LatencyRace(int batch, int repeats, Device device) {
    private static final int WARM_UP = 5;
    private static final int REPEATS = 100;

    /** Median milliseconds of one sample, model by model. */
    static List<Double> medians(Console console, List<Model> models, Device device) {
        try (Progress progress = Progress.start(console, "measuring latency", REPEATS)) {
            return new LatencyRace(1, REPEATS, device)
                    .run(models, progress).stream()
                            .map(times -> quantile(times, 0.5))
                            .toList();
        }
    }

    /** For each model its times in milliseconds, ascending. */
    List<double[]> run(List<Model> models, Progress progress) {
        List<Session> sessions = new ArrayList<>();
        List<double[]> millis = new ArrayList<>();
        Rng.seed(1);
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
                progress.at(Math.max(0, turn + 1));
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

    private Tensor sample(TensorType type) {
        long[] shape = type.shape().toArray();
        if (shape.length > 0 && shape[0] == -1) {
            shape[0] = batch;
        }
        return Tensor.randn(device, shape).to(type.dtype());
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
    static double quantile(double[] sorted, double share) {
        double rank = share * (sorted.length - 1);
        int below = (int) Math.floor(rank);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
    }
}
