package dev.espalier.pipeline;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import java.util.List;

/** Takes the time on a device. */
final class DeviceStopwatch implements Stopwatch {
    private static final int LEAST_TURNS = 41;
    private static final int MOST_TURNS = 201;
    /** About how long a race takes, where that leaves enough turns. */
    private static final double RACE_MILLIS = 8000;

    private final Device device;
    private final int batch;
    private final LayerTimes layers;
    private int turns = LEAST_TURNS;

    /** @param dense the model whose layers will be made narrower */
    DeviceStopwatch(Model dense, Device device, int batch) {
        this.device = device;
        this.batch = batch;
        this.layers = new LayerTimes(dense, device, batch);
    }

    @Override
    public double estimate(Graph graph) {
        return layers.millis(graph);
    }

    @Override
    public int layerTimings() {
        return layers.measured();
    }

    @Override
    public LatencyRatio race(Model dense, Model pruned) {
        List<Double> medians = new LatencyRace(batch, turns, device).medians(List.of(dense, pruned));
        LatencyRatio measured = new LatencyRatio(medians.get(0), medians.get(1));
        double fitting = RACE_MILLIS / (measured.denseMillis() + measured.prunedMillis());
        turns = (int) Math.max(LEAST_TURNS, Math.min(MOST_TURNS, fitting));
        return measured;
    }
}
