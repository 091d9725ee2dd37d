package dev.espalier.formats.keras;

import java.util.Arrays;

/** Real numbers in row-major order with their shape. */
final class Array {
    private final float[] values;
    private final long[] dims;

    /** Takes both arrays as its own. */
    Array(float[] values, long[] dims) {
        this.values = values;
        this.dims = dims;
    }

    /** The numbers themselves, not to be changed. */
    float[] values() {
        return values;
    }

    long[] dims() {
        return dims.clone();
    }

    /** The array with its axes in another order: axis i of the result is axis {@code order[i]} of this one. */
    Array transposed(int... order) {
        int rank = dims.length;
        long[] out = new long[rank];
        long[] strides = new long[rank];
        long stride = 1;
        long[] own = new long[rank];
        for (int i = rank - 1; i >= 0; i--) {
            own[i] = stride;
            stride *= dims[i];
        }
        for (int i = 0; i < rank; i++) {
            out[i] = dims[order[i]];
            strides[i] = own[order[i]];
        }
        float[] moved = new float[values.length];
        long[] index = new long[rank];
        int from = 0;
        for (int to = 0; to < moved.length; to++) {
            moved[to] = values[from];
            for (int axis = rank - 1; axis >= 0; axis--) {
                from += (int) strides[axis];
                if (++index[axis] < out[axis]) {
                    break;
                }
                from -= (int) (strides[axis] * out[axis]);
                index[axis] = 0;
            }
        }
        return new Array(moved, out);
    }

    /** The same numbers under another shape of as many elements. */
    Array reshaped(long... other) {
        return new Array(values, other);
    }

    @Override
    public String toString() {
        return "array of shape " + Arrays.toString(dims);
    }
}
