package dev.espalier.prune;

import dev.espalier.runtime.Tensor;
import java.util.Arrays;

/** Squares divided by the sum of all squares that are not smaller (Lee et al., arXiv 2010.07611); equal magnitudes score equally. */
final class Lamp {
    private Lamp() {}

    /**
     * Scores of {@code values}, of their shape and on their device.
     *
     * @param among the values whose squares are summed
     */
    static Tensor scores(Tensor values, Tensor among) {
        float[] sorted = magnitudes(among);
        Arrays.parallelSort(sorted);
        double[] sums = new double[sorted.length + 1];
        for (int i = sorted.length - 1; i >= 0; i--) {
            sums[i] = sums[i + 1] + (double) sorted[i] * sorted[i];
        }
        float[] scores = magnitudes(values);
        for (int i = 0; i < scores.length; i++) {
            double square = (double) scores[i] * scores[i];
            double sum = Math.max(sums[firstNotBelow(sorted, scores[i])], square);
            scores[i] = sum == 0 ? 0 : (float) (square / sum);
        }
        return Tensor.of(scores, values.shape().toArray()).to(values.device());
    }

    private static float[] magnitudes(Tensor values) {
        return values.abs().toFloatArray();
    }

    private static int firstNotBelow(float[] sorted, float value) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
