package dev.espalier.formats.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** ONNX Runtime as a second opinion on what a file computes. */
final class Reference {
    private Reference() {}

    /** Inputs for a graph, so many samples: normal numbers, and whole numbers that any table of more than four rows can look up. */
    static Map<String, Tensor> inputs(Graph graph, long samples) {
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        graph.inputs().forEach((name, type) -> {
            long[] shape = type.shape().toArray();
            shape[0] = shape[0] == -1 ? samples : shape[0];
            Tensor normal = Tensor.randn(Device.CPU, shape);
            inputs.put(name, type.dtype().isFloating() ? normal : normal.abs().to(type.dtype()));
        });
        return inputs;
    }

    /** The first output of the model in {@code file} for inputs of F32 and I64. */
    static float[] run(Path file, Map<String, Tensor> inputs) {
        return all(file, inputs).values().iterator().next();
    }

    /** All outputs of the model in {@code file}, by name. */
    static Map<String, float[]> all(Path file, Map<String, Tensor> inputs) {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> fed = new LinkedHashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            try (OrtSession session = environment.createSession(file.toString(), options)) {
                for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
                    fed.put(input.getKey(), fed(environment, input.getValue()));
                }
                try (OrtSession.Result result = session.run(fed)) {
                    Map<String, float[]> outputs = new LinkedHashMap<>();
                    for (Map.Entry<String, OnnxValue> output : result) {
                        FloatBuffer values = ((OnnxTensor) output.getValue()).getFloatBuffer();
                        float[] copy = new float[values.remaining()];
                        values.get(copy);
                        outputs.put(output.getKey(), copy);
                    }
                    return outputs;
                }
            }
        } catch (OrtException e) {
            throw new AssertionError("ONNX Runtime refuses " + file + ": " + e.getMessage(), e);
        } finally {
            fed.values().forEach(OnnxTensor::close);
        }
    }

    private static OnnxTensor fed(OrtEnvironment environment, Tensor x) throws OrtException {
        long[] shape = x.shape().toArray();
        return x.dtype().isFloating()
                ? OnnxTensor.createTensor(environment, FloatBuffer.wrap(x.toFloatArray()), shape)
                : OnnxTensor.createTensor(environment, LongBuffer.wrap(x.toLongArray()), shape);
    }

    /** What our own session computes, in the open scope. */
    static Tensor run(Model model, Tensor x) {
        return run(model, Map.of(model.graph().inputs().keySet().iterator().next(), x));
    }

    /** As {@link #run(Model, Tensor)}, the first output for several inputs. */
    static Tensor run(Model model, Map<String, Tensor> inputs) {
        try (Session session = Session.of(model, Device.CPU)) {
            return session.run(inputs).values().iterator().next();
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
