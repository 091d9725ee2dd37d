package dev.espalier.cli;

import dev.espalier.model.Model;
import dev.espalier.pipeline.LatencyRace;
import dev.espalier.runtime.Device;
import java.util.List;

/** The latency of one sample as reports state it, with progress on the console. */
final class ModelLatencies {
    private static final int REPEATS = 100;

    private ModelLatencies() {}

    /** Median milliseconds, model by model. */
    static List<Double> medians(Console console, List<Model> models, Device device) {
        try (Progress progress = Progress.start(console, "measuring latency", REPEATS)) {
            return new LatencyRace(1, REPEATS, device).medians(models, progress::at);
        }
    }
}
