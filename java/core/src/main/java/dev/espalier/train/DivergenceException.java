package dev.espalier.train;

import dev.espalier.runtime.EspalierException;

/** Training whose loss is no longer a finite number. */
public final class DivergenceException extends EspalierException {
    private static final long serialVersionUID = 1;

    DivergenceException(double loss, Step step, double learningRate) {
        super("the loss became " + loss + " at " + step + " with learning rate " + learningRate
                + "; lower lr, add warmup-epochs, or set clip-norm");
    }
}
