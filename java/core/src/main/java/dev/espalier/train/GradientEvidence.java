package dev.espalier.train;

import dev.espalier.data.Batch;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.op.Evaluation;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * What batches tell of a model, for criteria that ask how the loss depends on each weight or what flows through each channel.
 *
 * <p>Always the first {@code count} batches of epoch zero, with the model in inference mode so that neither dropout nor running
 * statistics take part. Tensors that are returned belong to the open scope.
 */
public final class GradientEvidence {
    /** Length of a step along the gradient by the length of all weights: near the cube root of the rounding error of 32 bits. */
    private static final double RELATIVE_STEP = 5e-3;

    /** What is done after the backward pass of each batch. */
    private interface AfterBatch {
        void run();
    }

    private GradientEvidence() {}

    /** Gradients of the mean loss, by parameter. */
    public static SortedMap<String, Tensor> collect(TrainingState state, Batches batches, int count) {
        int used = used(batches, count);
        double images = Math.min(
                (double) used * batches.options().size(), batches.source().size());
        backward(state, batches, used, batch -> batch.size() / images, () -> {});
        SortedMap<String, Tensor> gradients = zeros(state);
        addGradients(state, gradients);
        return gradients;
    }

    /** The mean over the batches of the squares of each batch's gradients, by parameter: the diagonal of the empirical Fisher matrix. */
    public static SortedMap<String, Tensor> squares(TrainingState state, Batches batches, int count) {
        int used = used(batches, count);
        SortedMap<String, Tensor> squares = zeros(state);
        backward(state, batches, used, batch -> 1, () -> {
            try (Grad off = Grad.disabled()) {
                state.parameters().forEach((name, parameter) -> {
                    Tensor gradient = parameter.grad();
                    if (gradient != null) {
                        of(squares, name).addcmulInPlace(gradient, gradient, 1.0 / used);
                    }
                    parameter.clearGrad();
                });
            }
        });
        return squares;
    }

    /**
     * The Hessian of the mean loss times its gradient, by parameter, as the central difference of the gradients a short step before and
     * behind: its error falls with the square of the step, and no second derivative need be recorded. The weights end as they began.
     */
    public static SortedMap<String, Tensor> timesHessian(TrainingState state, Batches batches, int count) {
        SortedMap<String, Tensor> product = zeros(state);
        try (Scope scope = Scope.open()) {
            SortedMap<String, Tensor> gradient = collect(state, batches, count);
            // What is masked is no parameter: no step goes there.
            state.masks()
                    .forEach((name, mask) ->
                            of(gradient, name).mulInPlace(mask.unpack().to(DType.F32)));
            SortedMap<String, Tensor> weights = new TreeMap<>();
            state.parameters()
                    .forEach((name, parameter) ->
                            weights.put(name, parameter.detach().copy()));
            double length = length(gradient);
            if (length == 0) {
                return product;
            }
            double step = RELATIVE_STEP * Math.max(length(weights), Float.MIN_NORMAL) / length;
            try {
                move(state, weights, gradient, step);
                difference(product, collect(state, batches, count), 1 / (2 * step));
                move(state, weights, gradient, -step);
                difference(product, collect(state, batches, count), -1 / (2 * step));
            } finally {
                move(state, weights, gradient, 0);
            }
        }
        return product;
    }

    /** Shows an observer every node of the batches' forward passes, without gradients recorded for the parameters. */
    public static void observe(TrainingState state, Batches batches, int count, Execution.Observer observer) {
        int used = used(batches, count);
        try (Scope scope = Scope.open();
                Cursor cursor = batches.epoch(0, 0)) {
            Map<String, Tensor> tensors = new TreeMap<>();
            state.tensors().forEach((name, tensor) -> tensors.put(name, tensor.detach()));
            Classifier classifier = new Classifier(state.graph());
            for (int i = 0; i < used; i++) {
                try (Scope temporaries = Scope.open()) {
                    classifier.see(tensors, cursor.next(), Evaluation.INFERENCE, observer);
                }
            }
        }
    }

    private static int used(Batches batches, int count) {
        int used = Math.min(count, batches.perEpoch());
        if (used < 1) {
            throw new IllegalArgumentException("evidence needs at least one batch, got " + used);
        }
        return used;
    }

    /** Leaves the sum of the gradients of {@code scale} times each batch's loss in the parameters. */
    private static void backward(
            TrainingState state, Batches batches, int used, ToDoubleFunction<Batch> scale, AfterBatch after) {
        Classifier classifier = new Classifier(state.graph());
        state.parameters().values().forEach(Tensor::clearGrad);
        try (Cursor cursor = batches.epoch(0, 0)) {
            for (int i = 0; i < used; i++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = cursor.next();
                    classifier
                            .see(state.tensors(), batch, Evaluation.INFERENCE)
                            .loss(0)
                            .mul(scale.applyAsDouble(batch))
                            .backward();
                    after.run();
                }
            }
        }
    }

    /** Parameters without a gradient count as zero; none has one afterwards. */
    private static void addGradients(TrainingState state, Map<String, Tensor> sums) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            state.parameters().forEach((name, parameter) -> {
                Tensor gradient = parameter.grad();
                if (gradient != null) {
                    of(sums, name).addInPlace(gradient);
                }
                parameter.clearGrad();
            });
        }
    }

    private static SortedMap<String, Tensor> zeros(TrainingState state) {
        SortedMap<String, Tensor> zeros = new TreeMap<>();
        state.parameters()
                .forEach((name, parameter) -> zeros.put(
                        name,
                        Tensor.zeros(
                                parameter.dtype(),
                                parameter.device(),
                                parameter.shape().toArray())));
        return zeros;
    }

    private static void move(TrainingState state, Map<String, Tensor> from, Map<String, Tensor> along, double step) {
        try (Grad off = Grad.disabled()) {
            state.parameters().forEach((name, parameter) -> {
                parameter.copyInPlace(of(from, name));
                if (step != 0) {
                    parameter.addInPlace(of(along, name), step);
                }
            });
        }
    }

    private static void difference(Map<String, Tensor> product, Map<String, Tensor> gradients, double factor) {
        gradients.forEach((name, gradient) -> of(product, name).addInPlace(gradient, factor));
    }

    private static double length(Map<String, Tensor> tensors) {
        try (Scope scope = Scope.open()) {
            return Math.sqrt(tensors.values().stream()
                    .mapToDouble(t -> Math.pow(t.norm().item(), 2))
                    .sum());
        }
    }

    private static Tensor of(Map<String, Tensor> tensors, String name) {
        Tensor found = tensors.get(name);
        if (found == null) {
            throw new IllegalArgumentException("there is no tensor '" + name + "'");
        }
        return found;
    }
}
