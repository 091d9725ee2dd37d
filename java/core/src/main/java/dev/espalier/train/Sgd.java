package dev.espalier.train;

import dev.espalier.runtime.Tensor;
import java.util.List;

/**
 * Stochastic gradient descent. With g the gradient plus decay * w: v = momentum * v + g, and w loses lr * v, or
 * lr * (g + momentum * v) with Nesterov's look-ahead (Sutskever et al., "On the importance of initialization and
 * momentum", 2013, in the form without dampening).
 */
final class Sgd extends Optimizer {
    Sgd(OptimizerRecipe recipe) {
        super(recipe);
    }

    @Override
    public List<String> slots() {
        return recipe().momentum().coefficient() > 0 ? List.of("velocity") : List.of();
    }

    @Override
    void update(Tensor parameter, Tensor gradient, List<Tensor> slots, double learningRate, double decay) {
        if (decay > 0) {
            gradient.addInPlace(parameter, decay);
        }
        if (slots.isEmpty()) {
            parameter.addInPlace(gradient, -learningRate);
            return;
        }
        double momentum = recipe().momentum().coefficient();
        Tensor velocity = slots.get(0);
        velocity.mulInPlace(momentum);
        velocity.addInPlace(gradient);
        if (recipe().momentum().nesterov()) {
            gradient.addInPlace(velocity, momentum);
            parameter.addInPlace(gradient, -learningRate);
        } else {
            parameter.addInPlace(velocity, -learningRate);
        }
    }
}
