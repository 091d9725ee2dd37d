package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.op.Gather;
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

    /**
     * Standard normal numbers, which normalised data looks like, and whole numbers as the graph can look them up, from a seed of their
     * own, in the open scope.
     */
    static List<Map<String, Tensor>> normal(Graph graph, long seed) {
        Random random = new Random(seed);
        List<Map<String, Tensor>> samples = new ArrayList<>();
        for (int i = 0; i < BATCHES; i++) {
            Map<String, Tensor> inputs = new LinkedHashMap<>();
            graph.inputs().forEach((name, type) -> inputs.put(name, draw(type, bound(graph, name), random)));
            samples.add(inputs);
        }
        return samples;
    }

    /** What whole numbers of an input stay below: the rows of the smallest tensor that they number, else 2. */
    private static int bound(Graph graph, String input) {
        return graph.consumers(input).stream()
                .filter(node -> node.op() instanceof Gather && node.inputs().indexOf(input) == 1)
                .mapToInt(node -> {
                    TensorType rows = graph.type(node.inputs().get(0));
                    long axis = ((Gather) node.op()).axis();
                    return (int) rows.dim((int) (axis < 0 ? axis + rows.rank() : axis));
                })
                .min()
                .orElse(2);
    }

    private static Tensor draw(TensorType type, int bound, Random random) {
        TensorType drawnAs = type.forSamples(OPEN);
        int count = Math.toIntExact(drawnAs.numelPerSample());
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = type.dtype().isFloating() ? (float) random.nextGaussian() : random.nextInt(bound);
        }
        Tensor drawn = Tensor.of(values, drawnAs.shape().toArray());
        return type.dtype() == DType.F32 ? drawn : drawn.to(type.dtype());
    }
}
