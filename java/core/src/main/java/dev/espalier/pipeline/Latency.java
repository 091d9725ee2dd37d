package dev.espalier.pipeline;

import dev.espalier.model.Model;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;

/** The time that a model takes for one sample. */
public final class Latency {
    private static final int WARM_UP = 10;
    private static final int RUNS = 50;

    private Latency() {}

    /** Median milliseconds of {@value #RUNS} runs of one sample, on the result being back on the host. */
    public static double medianMillis(Model model, Device device) {
        TensorType input = model.graph().inputs().values().iterator().next();
        long[] shape = input.shape().toArray();
        shape[0] = 1;
        try (Session session = Session.of(model, device);
                Scope scope = Scope.open()) {
            Tensor sample = Tensor.zeros(input.dtype(), device, shape);
            double[] millis = new double[RUNS];
            for (int i = -WARM_UP; i < RUNS; i++) {
                long begun = System.nanoTime();
                try (Scope run = Scope.open()) {
                    session.run(sample).toBytes();
                }
                if (i >= 0) {
                    millis[i] = (System.nanoTime() - begun) / 1e6;
                }
            }
            Arrays.sort(millis);
            return (millis[RUNS / 2 - 1] + millis[RUNS / 2]) / 2;
        }
    }
}
