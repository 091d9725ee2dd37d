package dev.espalier.train;

import dev.espalier.data.Batch;
import dev.espalier.graph.Graph;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** A model whose scores another learns; its tensors, on the device of the batches, stay their owner's. */
public final class Teacher implements AutoCloseable {
    private final Inference inference;

    public Teacher(Graph graph, Map<String, Tensor> tensors) {
        this.inference = Inference.of(graph, tensors);
    }

    /** Scores [n, classes] of a batch, without gradients, dropout or new statistics. */
    Tensor scores(Batch batch) {
        try (Grad off = Grad.disabled()) {
            return inference.see(batch).logits();
        }
    }

    @Override
    public void close() {
        inference.close();
    }
}
