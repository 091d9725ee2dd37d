package dev.espalier.train;

import dev.espalier.data.Answers;
import dev.espalier.data.Batch;
import dev.espalier.data.Task;
import dev.espalier.graph.Graph;
import dev.espalier.op.Evaluation;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;

/** A graph with one output, read as samples to scores of classes or labels, or to numbers. */
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

    /** A batch seen by the classifier: its outputs in 32-bit floats, one row per sample, and its labels. */
    record Seen(Task task, Tensor logits, Tensor labels) {
        /** The mean loss of the task. */
        Tensor loss(double labelSmoothing) {
            return task.loss(logits, labels, labelSmoothing);
        }

        /** What the classifier answers. */
        Answers given() {
            return Answers.of(task, Math.toIntExact(logits.size(1)), task.decide(logits.detach()));
        }

        /** The sum of {@link Answers#score} over the batch, reckoned where the outputs are; of classes, how many are right. */
        double right() {
            Tensor given = task.decide(logits.detach());
            Tensor right = task == Task.CLASSES
                    ? given.eq(labels)
                    : given.sub(labels).abs().clamp(0, 1).mul(-1).add(1);
            return right.sum().item() * labels.size(0) / labels.numel();
        }
    }

    Seen see(Map<String, Tensor> tensors, Batch batch, Evaluation evaluation) {
        return see(tensors, batch, evaluation, Execution.Observer.NONE);
    }

    Seen see(Map<String, Tensor> tensors, Batch batch, Evaluation evaluation, Execution.Observer observer) {
        Map<String, Tensor> outputs = execution.run(tensors, batch.inputsFor(inputs), evaluation, observer);
        Tensor logits = outputs.get(output);
        if (logits == null || logits.rank() != 2) {
            throw new EspalierException("a classifier gives one row of scores per sample; output '" + output + "' is "
                    + (logits == null ? "missing" : "of shape " + logits.shape()));
        }
        return new Seen(batch.task(), logits.dtype() == DType.F32 ? logits : logits.to(DType.F32), batch.labels());
    }
}
