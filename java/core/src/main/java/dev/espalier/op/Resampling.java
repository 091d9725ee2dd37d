package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How one axis is read at other places: every new element is a weighted sum of a few old ones, its taps.
 *
 * <p>Coordinates are computed in single precision, as ONNX Runtime does, so that ties round alike.
 */
final class Resampling {
    private static final int CUBIC_TAPS = 4;

    /** For every tap and every new element, the old element and its weight. */
    private final long[][] from;

    private final float[][] weights;

    private Resampling(long[][] from, float[][] weights) {
        this.from = from;
        this.weights = weights;
    }

    /**
     * The rule of Resize for one axis.
     *
     * @param scale new size over old size as the node gives it
     */
    static Resampling of(Interpolation rule, int oldSize, int newSize, float scale) {
        int taps = rule.taps();
        long[][] from = new long[taps][newSize];
        float[][] weights = new float[taps][newSize];
        for (int i = 0; i < newSize; i++) {
            float at = rule.coordinate(i, oldSize, newSize, scale);
            if (taps == 1) {
                from[0][i] = inside(rule.rounded(at), oldSize);
                weights[0][i] = 1;
            } else if (taps == CUBIC_TAPS) {
                cubic(rule, at, oldSize, i, from, weights);
            } else {
                float held = Math.max(0, Math.min(oldSize - 1, at));
                int low = Math.min((int) held, oldSize - 1);
                from[0][i] = low;
                from[1][i] = Math.min(low + 1, oldSize - 1);
                weights[1][i] = held - low;
                weights[0][i] = 1 - weights[1][i];
            }
        }
        return new Resampling(from, weights);
    }

    /** Keys' kernel; places outside repeat the edge or, where they are excluded, pass their weight to the others. */
    private static void cubic(Interpolation rule, float at, int oldSize, int i, long[][] from, float[][] weights) {
        int base = (int) Math.floor(at);
        float[] kernel = rule.kernel(at - base);
        float sum = 0;
        for (int tap = 0; tap < CUBIC_TAPS; tap++) {
            int place = base - 1 + tap;
            boolean outside = place < 0 || place >= oldSize;
            kernel[tap] = outside && rule.excludeOutside() ? 0 : kernel[tap];
            sum += kernel[tap];
            from[tap][i] = inside(place, oldSize);
        }
        for (int tap = 0; tap < CUBIC_TAPS; tap++) {
            weights[tap][i] = rule.excludeOutside() ? kernel[tap] / sum : kernel[tap];
        }
    }

    private static long inside(long place, int size) {
        return Math.max(0, Math.min(size - 1, place));
    }

    /** The tensor with one axis resampled. */
    Tensor apply(Tensor x, int axis) {
        List<Tensor> parts = new ArrayList<>();
        for (int tap = 0; tap < from.length; tap++) {
            Tensor indices = Tensor.of(from[tap], from[tap].length).to(x.device());
            Tensor part = x.indexSelect(axis, indices);
            if (from.length > 1) {
                long[] shape = new long[x.rank()];
                Arrays.fill(shape, 1);
                shape[axis] = weights[tap].length;
                part = part.mul(Tensor.of(weights[tap], shape).to(x.dtype()).to(x.device()));
            }
            parts.add(part);
        }
        return parts.stream().reduce(Tensor::add).orElseThrow();
    }
}
