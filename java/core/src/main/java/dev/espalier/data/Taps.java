package dev.espalier.data;

/** For each sample of a resized axis, the run of source samples that make it and their weights, which sum to 1. */
final class Taps {
    private final int[] first;
    private final float[][] weights;

    private Taps(int[] first, float[][] weights) {
        this.first = first;
        this.weights = weights;
    }

    static Taps between(int from, int to) {
        int[] first = new int[to];
        float[][] weights = new float[to][];
        double step = (double) from / to;
        for (int i = 0; i < to; i++) {
            if (step > 1) {
                first[i] = (int) (i * step);
                weights[i] = area(i * step, Math.min(from, (i + 1) * step));
            } else {
                double centre = Math.max(0, Math.min(from - 1, (i + 0.5) * step - 0.5));
                first[i] = (int) centre;
                float share = (float) (centre - first[i]);
                weights[i] = share == 0 ? new float[] {1f} : new float[] {1f - share, share};
            }
        }
        return new Taps(first, weights);
    }

    /** Shares of the unit cells that the span [begin, end) covers. */
    private static float[] area(double begin, double end) {
        int start = (int) begin;
        int stop = (int) Math.ceil(end - 1e-9);
        float[] shares = new float[Math.max(1, stop - start)];
        for (int cell = 0; cell < shares.length; cell++) {
            double covered = Math.min(end, start + cell + 1) - Math.max(begin, start + cell);
            shares[cell] = (float) (covered / (end - begin));
        }
        return shares;
    }

    /** Resizes one row of bytes. */
    void row(byte[] source, int from, float[] target, int to) {
        for (int i = 0; i < first.length; i++) {
            float sum = 0;
            float[] shares = weights[i];
            for (int k = 0; k < shares.length; k++) {
                sum += shares[k] * (source[from + first[i] + k] & 0xFF);
            }
            target[to + i] = sum;
        }
    }

    /** Adds to {@code row} the weighted rows of {@code source} that make row {@code i}. */
    void accumulate(int i, float[] source, float[] row) {
        float[] shares = weights[i];
        for (int k = 0; k < shares.length; k++) {
            int from = (first[i] + k) * row.length;
            for (int x = 0; x < row.length; x++) {
                row[x] += shares[k] * source[from + x];
            }
        }
    }
}
