package dev.espalier.train;

import dev.espalier.data.Batch;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** Runs a classifier over a split without training it. */
public final class Evaluator {
    private Evaluator() {}

    /** Evaluates a model; batches must be on the device of its weights. */
    public static EvaluationResult evaluate(Model model, Batches batches) {
        return evaluate(model.graph(), model.weights().asMap(), batches);
    }

    /** Evaluates a model in training as it is now. */
    public static EvaluationResult evaluate(TrainingState state, Batches batches) {
        return evaluate(state.graph(), state.tensors(), batches);
    }

    /**
     * The mean loss of a model in training over the first batches of epoch zero.
     *
     * @param replaced tensors that stand in for the model's own, by name
     * @param count batches, or all if there are fewer
     */
    public static double loss(TrainingState state, Map<String, Tensor> replaced, Batches batches, int count) {
        Map<String, Tensor> tensors = new HashMap<>(state.tensors());
        tensors.putAll(replaced);
        return loss(state.graph(), tensors, batches, count, (batch, seen) -> {});
    }

    /** Evaluates a model in training as validation judges it: the average of its weights where one is kept. */
    static EvaluationResult judge(TrainingState state, Batches batches) {
        return evaluate(state.graph(), state.judged(), batches);
    }

    private static EvaluationResult evaluate(Graph graph, Map<String, Tensor> tensors, Batches batches) {
        if (batches.options().sampling().dropLast()) {
            throw new IllegalArgumentException("an evaluation needs every sample; make batches that keep the last one");
        }
        int[] predictions = new int[batches.source().size()];
        double loss = loss(graph, tensors, batches, Integer.MAX_VALUE, (batch, seen) -> {
            long[] predicted = seen.logits().argmax(1).toLongArray();
            for (int i = 0; i < predicted.length; i++) {
                predictions[batch.indices()[i]] = (int) predicted[i];
            }
        });
        int classes = batches.source().classes().size();
        return new EvaluationResult(loss, predictions, batches.source().labels(), classes);
    }

    /** The mean loss; {@code each} is told of every batch in a scope of its own. */
    private static double loss(
            Graph graph,
            Map<String, Tensor> tensors,
            Batches batches,
            int count,
            BiConsumer<Batch, Classifier.Seen> each) {
        double sum = 0;
        long samples = 0;
        try (Grad guard = Grad.disabled();
                Inference inference = Inference.of(graph, tensors);
                Cursor cursor = batches.epoch(0, 0)) {
            for (int i = 0; i < count && cursor.hasNext(); i++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = cursor.next();
                    Classifier.Seen seen = inference.see(batch);
                    sum += seen.loss(0).item() * batch.size();
                    samples += batch.size();
                    each.accept(batch, seen);
                }
            }
        }
        return sum / samples;
    }
}
