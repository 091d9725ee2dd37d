package dev.espalier.formats.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** ONNX Runtime as a second opinion on what a file computes. */
final class Reference {
    private Reference() {}

    /** The first output of the model in {@code file} for its only input. */
    static float[] run(Path file, String input, Tensor x) {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            try (OrtSession session = environment.createSession(file.toString(), options);
                    OnnxTensor fed = OnnxTensor.createTensor(
                            environment,
                            FloatBuffer.wrap(x.toFloatArray()),
                            x.shape().toArray());
                    OrtSession.Result result = session.run(Map.of(input, fed))) {
                FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
                float[] out = new float[values.remaining()];
                values.get(out);
                return out;
            }
        } catch (OrtException e) {
            throw new AssertionError("ONNX Runtime refuses " + file + ": " + e.getMessage(), e);
        }
    }

    /** What our own session computes, in the open scope. */
    static Tensor run(Model model, Tensor x) {
        try (Session session = Session.of(model, Device.CPU)) {
            return session.run(x);
        }
    }

    /**
     * The largest difference that rounding can explain: each output element comes out of a chain of sums whose lengths add
     * up to L; two orders of summation differ by at most 2 * L * u relative to the magnitude of the values, with unit
     * roundoff u = 2^-24.
     */
    static double tolerance(Graph graph, float[] output) {
        double length = graph.nodes().size();
        for (var entry : graph.costs().entrySet()) {
            long elements = graph.type(entry.getKey().outputs().get(0)).numelPerSample();
            length += (double) entry.getValue().macs() / elements;
        }
        double magnitude = 0;
        for (float value : output) {
            magnitude = Math.max(magnitude, Math.abs(value));
        }
        return 2 * length * 0x1p-24 * magnitude;
    }
}
