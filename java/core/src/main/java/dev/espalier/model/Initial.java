package dev.espalier.model;

import dev.espalier.op.TensorType;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.Random;

/** The first values of one parameter: normal with this standard deviation, or constant where the deviation is 0. */
record Initial(double mean, double deviation) {
    static final Initial ZERO = new Initial(0, 0);
    static final Initial ONE = new Initial(1, 0);
    /** Of vectors that stand for words: so short that a rare word, which is hardly trained, says hardly anything. */
    static final Initial WORD = new Initial(0, 0.1);

    /** Keeps the variance of activations through a ReLU (He et al. 2015): variance 2 / inputs per output. */
    static Initial he(long inputsPerOutput) {
        return new Initial(0, Math.sqrt(2.0 / inputsPerOutput));
    }

    /**
     * Values that depend on the seed and the parameter's name alone: neither the order of parameters nor any other use of random
     * numbers has a say. {@link Random} is specified bit by bit, so they are the same on every machine.
     */
    Tensor draw(String name, TensorType type, long seed) {
        float[] values = new float[(int) type.shape().numel()];
        if (deviation == 0) {
            Arrays.fill(values, (float) mean);
        } else {
            Random random = new Random(seed * 0x9E3779B97F4A7C15L + name.hashCode());
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (mean + deviation * random.nextGaussian());
            }
        }
        return Tensor.of(values, type.shape().toArray());
    }
}
