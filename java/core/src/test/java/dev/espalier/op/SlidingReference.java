package dev.espalier.op;

import java.util.Arrays;

/**
 * Convolutions and pooling by their definition in the ONNX specification, one window element at a time, in double precision and for
 * any number of spatial axes. Values are row-major; output sizes are given, not derived.
 */
final class SlidingReference {
    private final Window window;
    private final long[] x;
    private final long[] y;
    private final long[] kernel;
    private final long[] begin;
    /** Per output element: its value, and the sum of the magnitudes that went into it. */
    final double[] values;

    final double[] magnitudes;

    SlidingReference(Window window, long[] kernel, long[] x, long[] y, boolean transposed) {
        this.window = window;
        this.x = x;
        this.y = y;
        this.kernel = kernel;
        this.begin = begin(transposed);
        values = new double[(int) product(y)];
        magnitudes = new double[values.length];
    }

    private static long product(long[] dims) {
        return Arrays.stream(dims).reduce(1, (a, b) -> a * b);
    }

    private static long[] spatial(long[] dims) {
        return Arrays.copyOfRange(dims, 2, dims.length);
    }

    private long stride(int axis) {
        return window.strides().isEmpty() ? 1 : window.strides().get(axis);
    }

    private long dilation(int axis) {
        return window.dilations().isEmpty() ? 1 : window.dilations().get(axis);
    }

    /** Padding before each axis: the attribute, or half of what the SAME rules must add, the rest on the other side. */
    private long[] begin(boolean transposed) {
        long[] pads = new long[kernel.length];
        for (int i = 0; i < pads.length; i++) {
            long covered = (kernel[i] - 1) * dilation(i) + 1;
            long small = transposed ? x[2 + i] : y[2 + i];
            long large = transposed ? y[2 + i] : x[2 + i];
            long total = Math.max((small - 1) * stride(i) + covered - large, 0);
            pads[i] = switch (window.autoPad()) {
                case NOTSET -> window.pads().isEmpty() ? 0 : window.pads().get(i);
                case VALID -> 0;
                case SAME_UPPER -> total / 2;
                case SAME_LOWER -> total - total / 2;
            };
        }
        return pads;
    }

    /** Row-major position, or -1 if an index is outside. */
    private static int at(long[] dims, long first, long second, long[] place) {
        long position = first * dims[1] + second;
        for (int i = 0; i < place.length; i++) {
            if (place[i] < 0 || place[i] >= dims[2 + i]) {
                return -1;
            }
            position = position * dims[2 + i] + place[i];
        }
        return (int) position;
    }

    /** The element of the larger side that kernel element k of the window at o meets. */
    private long[] met(long[] o, long[] k) {
        long[] place = new long[o.length];
        for (int i = 0; i < o.length; i++) {
            place[i] = o[i] * stride(i) + k[i] * dilation(i) - begin[i];
        }
        return place;
    }

    private static long[] unravel(long position, long[] dims) {
        long[] place = new long[dims.length];
        for (int i = dims.length - 1; i >= 0; i--) {
            place[i] = position % dims[i];
            position /= dims[i];
        }
        return place;
    }

    private void add(int position, double term) {
        values[position] += term;
        magnitudes[position] += Math.abs(term);
    }

    /** @param w [m, c / group, kernel] */
    SlidingReference convolve(float[] input, float[] w, float[] bias, long group) {
        long perGroup = x[1] / group;
        long window = product(kernel);
        for (int p = 0; p < values.length; p++) {
            long[] place = unravel(p, y);
            long m = place[1];
            add(p, bias.length == 0 ? 0 : bias[(int) m]);
            for (long c = 0; c < perGroup; c++) {
                for (long k = 0; k < window; k++) {
                    long channel = m / (y[1] / group) * perGroup + c;
                    int from = at(x, place[0], channel, met(spatial(place), unravel(k, kernel)));
                    if (from >= 0) {
                        add(p, (double) input[from] * w[(int) ((m * perGroup + c) * window + k)]);
                    }
                }
            }
        }
        return this;
    }

    /** @param w [c, m / group, kernel] */
    SlidingReference transpose(float[] input, float[] w, float[] bias, long group) {
        long perGroup = y[1] / group;
        long window = product(kernel);
        for (int p = 0; p < values.length; p++) {
            add(p, bias.length == 0 ? 0 : bias[(int) unravel(p, y)[1]]);
        }
        for (int p = 0; p < input.length; p++) {
            long[] place = unravel(p, x);
            long c = place[1];
            for (long m = 0; m < perGroup; m++) {
                for (long k = 0; k < window; k++) {
                    long channel = c / (x[1] / group) * perGroup + m;
                    int to = at(y, place[0], channel, met(spatial(place), unravel(k, kernel)));
                    if (to >= 0) {
                        add(to, (double) input[p] * w[(int) ((c * perGroup + m) * window + k)]);
                    }
                }
            }
        }
        return this;
    }

    SlidingReference largest(float[] input) {
        Arrays.fill(values, Double.NEGATIVE_INFINITY);
        forEachMet((p, from) -> values[p] = Math.max(values[p], input[from]));
        return this;
    }

    SlidingReference mean(float[] input, boolean countPadding) {
        long[] met = new long[values.length];
        forEachMet((p, from) -> {
            add(p, input[from]);
            met[p]++;
        });
        for (int p = 0; p < values.length; p++) {
            values[p] /= countPadding ? product(kernel) : met[p];
        }
        return this;
    }

    private interface Meeting {
        void visit(int output, int input);
    }

    private void forEachMet(Meeting meeting) {
        for (int p = 0; p < values.length; p++) {
            long[] place = unravel(p, y);
            for (long k = 0; k < product(kernel); k++) {
                int from = at(x, place[0], place[1], met(spatial(place), unravel(k, kernel)));
                if (from >= 0) {
                    meeting.visit(p, from);
                }
            }
        }
    }
}
