package dev.espalier.train;

import dev.espalier.data.Batch;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.op.Evaluation;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The mean gradient of the loss over some batches, for criteria that ask how the loss depends on each weight. */
public final class GradientEvidence {
    private GradientEvidence() {}

    /**
     * Gradients of the mean loss over the first {@code count} batches of epoch zero, by parameter, with the model in
     * inference mode so that neither dropout nor running statistics take part. The tensors belong to the open scope.
     */
    public static SortedMap<String, Tensor> collect(TrainingState state, Batches batches, int count) {
        int used = Math.min(count, batches.perEpoch());
        if (used < 1) {
            throw new IllegalArgumentException("gradients need at least one batch, got " + used);
        }
        Classifier classifier = new Classifier(state.graph());
        Map<String, Tensor> parameters = state.parameters();
        parameters.values().forEach(Tensor::clearGrad);
        try (Cursor cursor = batches.epoch(0, 0)) {
            for (int i = 0; i < used; i++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = cursor.next();
                    classifier
                            .see(state.tensors(), batch, Evaluation.INFERENCE)
                            .loss(0)
                            .div(used)
                            .backward();
                }
            }
        }
        SortedMap<String, Tensor> gradients = new TreeMap<>();
        parameters.forEach((name, parameter) -> {
            Tensor gradient = parameter.grad();
            gradients.put(
                    name,
                    gradient != null
                            ? gradient.copy()
                            : Tensor.zeros(
                                    parameter.dtype(),
                                    parameter.device(),
                                    parameter.shape().toArray()));
            parameter.clearGrad();
        });
        return gradients;
    }
}
