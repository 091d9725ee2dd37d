package dev.espalier.runtime;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an optimiser moves weights by their gradients; {@link Kernels#update} does it. The state of a weight is zero before the
 * first update.
 */
public sealed interface UpdateRule {
    /** The number of state tensors per weight. */
    int stateTensors();

    /**
     * Stochastic gradient descent without dampening (Sutskever et al., "On the importance of initialization and momentum",
     * 2013). With d the gradient plus decay * w: v = momentum * v + d, and w loses learningRate * v, or learningRate *
     * (d + momentum * v) with Nesterov's look-ahead. The state is v, and none without momentum.
     *
     * @param learningRate at least 0
     * @param momentum at least 0 and below 1
     * @param nesterov true: look ahead; needs momentum
     */
    record Sgd(double learningRate, double momentum, boolean nesterov) implements UpdateRule {
        @Override
        public int stateTensors() {
            return momentum > 0 ? 1 : 0;
        }
    }

    /**
     * Adam (Kingma and Ba, arXiv 1412.6980): with d the gradient plus decay * w, and m and v the running means of d and d * d, w
     * loses learningRate / (1 - beta1^step) * m / (sqrt(v / (1 - beta2^step)) + epsilon). Decoupled, AdamW (Loshchilov and
     * Hutter, arXiv 1711.05101): d is the gradient, and w *= 1 - learningRate * decay comes first. The state is m and v.
     *
     * @param learningRate at least 0
     * @param beta1 decay of the first mean, at least 0 and below 1
     * @param beta2 decay of the second mean, at least 0 and below 1
     * @param epsilon at least 0
     * @param decoupled true: AdamW
     * @param step number of this update, from 1
     */
    record Adam(double learningRate, double beta1, double beta2, double epsilon, boolean decoupled, long step)
            implements UpdateRule {
        @Override
        public int stateTensors() {
            return 2;
        }
    }

    /**
     * A weight that a rule moves; all tensors are F32 of the weight's shape.
     *
     * @param weight moved in place
     * @param gradient read, never written
     * @param state as many as {@link #stateTensors} says, moved in place
     * @param mask where it is 0, weight and state become +0; null keeps all
     * @param decay weight decay, at least 0
     */
    record Parameter(
            Tensor weight,
            Tensor gradient,
            List<Tensor> state,
            @Nullable BitMask mask,
            double decay) {
        /** Checks the shapes. */
        public Parameter {
            state = List.copyOf(state);
            check(weight, "gradient", gradient.shape());
            state.forEach(tensor -> check(weight, "state", tensor.shape()));
            if (mask != null) {
                check(weight, "mask", mask.shape());
            }
        }

        private static void check(Tensor weight, String name, Shape got) {
            if (!got.equals(weight.shape())) {
                throw new ShapeException("update of " + weight.shape() + ": its " + name + " has shape " + got);
            }
        }
    }
}
