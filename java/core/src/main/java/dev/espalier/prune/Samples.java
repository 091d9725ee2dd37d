package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Inputs for the equality check where the caller gives none. */
final class Samples {
    /** Batches to run, enough to see outputs vary also where the batch has a fixed size of one. */
    private static final int BATCHES = 2;

    /** Samples of a batch whose size is open. */
    private static final int OPEN = 4;

    private Samples() {}

    /** Standard normal numbers from a seed of their own, in the open scope: normalised data looks alike. */
    static List<Map<String, Tensor>> normal(Graph graph, long seed) {
        Random random = new Random(seed);
        List<Map<String, Tensor>> samples = new ArrayList<>();
        for (int i = 0; i < BATCHES; i++) {
            Map<String, Tensor> inputs = new LinkedHashMap<>();
            graph.inputs().forEach((name, type) -> inputs.put(name, draw(type, random)));
            samples.add(inputs);
        }
        return samples;
    }

    private static Tensor draw(TensorType type, Random random) {
        long[] shape = type.shape().toArray();
        for (int i = 0; i < shape.length; i++) {
            shape[i] = shape[i] == -1 ? OPEN : shape[i];
        }
        int count = Math.toIntExact(type.withShape(shape).numelPerSample());
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = type.dtype().isFloating() ? (float) random.nextGaussian() : random.nextInt(2);
        }
        Tensor drawn = Tensor.of(values, shape);
        return type.dtype() == DType.F32 ? drawn : drawn.to(type.dtype());
    }
}
