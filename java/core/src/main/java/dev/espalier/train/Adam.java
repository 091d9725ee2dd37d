package dev.espalier.train;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.List;

/**
 * Adam, and AdamW when the recipe decouples the decay. With m and v the running means of g and g * g at update t: w loses
 * lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + epsilon).
 */
final class Adam extends Optimizer {
    Adam(OptimizerRecipe recipe) {
        super(recipe);
    }

    @Override
    public List<String> slots() {
        return List.of("mean", "square");
    }

    @Override
    void update(Tensor parameter, Tensor gradient, List<Tensor> slots, double learningRate, double decay) {
        OptimizerRecipe.Moments moments = recipe().moments();
        if (decay > 0) {
            if (recipe().kind() == OptimizerRecipe.Kind.ADAMW) {
                parameter.mulInPlace(1 - learningRate * decay);
            } else {
                gradient.addInPlace(parameter, decay);
            }
        }
        Tensor mean = slots.get(0);
        Tensor square = slots.get(1);
        mean.lerpInPlace(gradient, 1 - moments.beta1());
        square.mulInPlace(moments.beta2());
        square.addcmulInPlace(gradient, gradient, 1 - moments.beta2());
        double meanBias = 1 - Math.pow(moments.beta1(), (double) updates());
        double squareBias = 1 - Math.pow(moments.beta2(), (double) updates());
        try (Scope scope = Scope.open()) {
            Tensor denominator = square.sqrt();
            denominator.mulInPlace(1 / Math.sqrt(squareBias));
            denominator.addInPlace(moments.epsilon());
            parameter.addcdivInPlace(mean, denominator, -learningRate / meanBias);
        }
    }
}
