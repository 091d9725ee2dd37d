package dev.espalier.train;

import dev.espalier.data.Batch;
import dev.espalier.graph.Graph;
import dev.espalier.op.Evaluation;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;

/** A graph with one output, read as samples to class scores. */
final class Classifier {
    private final Execution execution;
    private final List<String> inputs;
    private final String output;

    Classifier(Graph graph) {
        this(graph, Execution.of(graph));
    }

    /** {@code execution} is of this graph. */
    Classifier(Graph graph, Execution execution) {
        if (graph.outputs().size() != 1) {
            throw new EspalierException(
                    "a classifier has one output; graph '" + graph.name() + "' has outputs " + graph.outputs());
        }
        this.execution = execution;
        this.inputs = List.copyOf(graph.inputs().keySet());
        this.output = graph.outputs().get(0);
    }

    /** A batch seen by the classifier: its scores in 32-bit floats, one row per image, and its labels. */
    record Seen(Tensor logits, Tensor labels) {
        /** Mean cross-entropy. */
        Tensor loss(double labelSmoothing) {
            return Nn.crossEntropy(logits, labels, labelSmoothing);
        }

        /** How many images have their largest score at their label. */
        long right() {
            return (long) logits.detach().argmax(1).eq(labels).sum().item();
        }
    }

    Seen see(Map<String, Tensor> tensors, Batch batch, Evaluation evaluation) {
        return see(tensors, batch, evaluation, Execution.Observer.NONE);
    }

    Seen see(Map<String, Tensor> tensors, Batch batch, Evaluation evaluation, Execution.Observer observer) {
        Map<String, Tensor> outputs = execution.run(tensors, batch.inputsFor(inputs), evaluation, observer);
        Tensor logits = outputs.get(output);
        if (logits == null || logits.rank() != 2) {
            throw new EspalierException("a classifier gives one row of scores per image; output '" + output + "' is "
                    + (logits == null ? "missing" : "of shape " + logits.shape()));
        }
        return new Seen(logits.dtype() == DType.F32 ? logits : logits.to(DType.F32), batch.labels());
    }
}
