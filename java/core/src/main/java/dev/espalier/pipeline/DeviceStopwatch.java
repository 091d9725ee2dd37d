package dev.espalier.pipeline;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.runtime.Device;
import java.util.List;

/** Takes the time on a device. */
final class DeviceStopwatch implements Stopwatch {
    private static final int REPEATS = 41;

    private final LayerTimes layers;
    private final LatencyRace race;

    /** @param dense the model whose layers will be made narrower */
    DeviceStopwatch(Model dense, Device device, int batch) {
        this.layers = new LayerTimes(dense, device, batch);
        this.race = new LatencyRace(batch, REPEATS, device);
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
        List<Double> medians = race.medians(List.of(dense, pruned));
        return new LatencyRatio(medians.get(0), medians.get(1));
    }
}
