package dev.espalier.train;

/** Which update rule follows a gradient; {@code decayAll} extends weight decay to biases and normalisation. */
public record OptimizerRecipe(
        Kind kind, double learningRate, double weightDecay, boolean decayAll, Momentum momentum, Moments moments) {

    /** The update rules. */
    public enum Kind {
        /** Stochastic gradient descent, with weight decay as part of the gradient. */
        SGD,
        /** Kingma and Ba, "Adam: a method for stochastic optimization" (2015), weight decay as part of the gradient. */
        ADAM,
        /** Loshchilov and Hutter, "Decoupled weight decay regularization" (2019). */
        ADAMW
    }

    /** SGD's heavy ball, or Nesterov's look-ahead variant of it. */
    public record Momentum(double coefficient, boolean nesterov) {
        public Momentum {
            Bounds.within("momentum", coefficient, 0, 1);
            if (nesterov && coefficient == 0) {
                throw new IllegalArgumentException("nesterov needs a momentum greater than 0, got momentum 0");
            }
        }
    }

    /** Adam's decay rates of the first and second moment, and the term that keeps its quotient finite. */
    public record Moments(double beta1, double beta2, double epsilon) {
        public Moments {
            Bounds.within("beta1", beta1, 0, 1);
            Bounds.within("beta2", beta2, 0, 1);
            Bounds.positive("epsilon", epsilon);
        }
    }

    public OptimizerRecipe {
        Bounds.positive("lr", learningRate);
        Bounds.atLeast("weight-decay", weightDecay, 0);
    }
}
