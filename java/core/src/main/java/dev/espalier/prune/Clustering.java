package dev.espalier.prune;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * An order of rows in which those of one bin serve each other: a greedy choice row by row, refined by swaps between bins for as long as
 * they raise what is kept.
 *
 * <p>Rows into bins that lose a column as a whole: those with large values in the same columns belong together (Huang et al., "Shfl-BW",
 * DAC 2022). Rows into bins that keep a number of values in each column: those whose large values meet belong apart (Pool and Yu, "Channel
 * permutations for N:M sparsity", NeurIPS 2021).
 */
final class Clustering {
    /** Operations that swaps may cost: where one pass over all pairs costs more, it looks at fewer. */
    private static final double EFFORT = 2e9;

    private static final int MOST_PASSES = 6;

    /** What bins of rows keep. */
    private interface Bins {
        /** By how much more is kept when the rows at two places of different bins change places. */
        double gain(int a, int b);

        /** About how many operations a gain takes for each column. */
        double cost();

        void swap(int a, int b);
    }

    private final float[][] rows;
    private final int columns;
    private final int bin;

    private Clustering(float[][] rows, int bin) {
        this.rows = rows;
        this.columns = rows[0].length;
        this.bin = bin;
    }

    /**
     * The order for bins that are kept or lost column by column.
     *
     * @param rows magnitudes, [rows][columns]
     * @param bin rows that follow each other, from the first on; the last bin may be smaller
     * @param target share of the columns of bins that is to go
     * @return the row at each place
     */
    static int[] together(float[][] rows, int bin, double target) {
        Clustering clustering = new Clustering(rows, bin);
        double least = clustering.leastKept(target);
        int[] order = clustering.greedy(least);
        clustering.refine(order, clustering.new Sums(order, least));
        return order;
    }

    /** The order for bins that keep {@code kept} of {@code bin} values in each column; what fills no bin at the end counts as kept. */
    static int[] apart(float[][] rows, int kept, int bin) {
        Clustering clustering = new Clustering(rows, bin);
        int[] order = IntStream.range(0, rows.length).toArray();
        clustering.refine(order, clustering.new Largest(order, kept));
        return order;
    }

    /** The mean over a bin below which a column of a bin goes, in the order that is given. */
    private double leastKept(double target) {
        int bins = (rows.length + bin - 1) / bin;
        double[] means = new double[bins * columns];
        for (int row = 0; row < rows.length; row++) {
            int size = Math.min(bin, rows.length - row / bin * bin);
            for (int column = 0; column < columns; column++) {
                means[row / bin * columns + column] += rows[row][column] / size;
            }
        }
        Arrays.sort(means);
        return means.length == 0 ? 0 : means[(int) Math.min(means.length - 1L, Math.round(target * means.length))];
    }

    /** Bin by bin, from the largest row left, the row that adds most to what the bin keeps. */
    private int[] greedy(double least) {
        int[] order = new int[rows.length];
        boolean[] taken = new boolean[rows.length];
        double[] sums = new double[columns];
        for (int place = 0; place < order.length; place++) {
            if (place % bin == 0) {
                Arrays.fill(sums, 0);
            }
            double limit = least * (place % bin + 1);
            int best = -1;
            double most = Double.NEGATIVE_INFINITY;
            for (int row = 0; row < rows.length; row++) {
                if (!taken[row]) {
                    double kept = keptWith(sums, rows[row], limit);
                    if (kept > most) {
                        most = kept;
                        best = row;
                    }
                }
            }
            order[place] = best;
            taken[best] = true;
            for (int column = 0; column < columns; column++) {
                sums[column] += rows[best][column];
            }
        }
        return order;
    }

    private static double keptWith(double[] sums, float[] row, double limit) {
        double kept = 0;
        for (int column = 0; column < row.length; column++) {
            kept += Math.max(0, sums[column] + row[column] - limit);
        }
        return kept;
    }

    private void refine(int[] order, Bins bins) {
        double work = 0.5 * rows.length * rows.length * columns * bins.cost();
        int passes = (int) Math.max(1, Math.min(MOST_PASSES, EFFORT / Math.max(1, work)));
        int step = (int) Math.max(1, Math.ceil(work / EFFORT));
        boolean better = true;
        for (int pass = 0; pass < passes && better; pass++) {
            better = false;
            for (int a = 0; a < order.length; a++) {
                int best = best(a, step, bins);
                if (best >= 0) {
                    bins.swap(a, best);
                    int row = order[a];
                    order[a] = order[best];
                    order[best] = row;
                    better = true;
                }
            }
        }
    }

    /** The later place to change with, or -1 where no change helps. */
    private int best(int a, int step, Bins bins) {
        int best = -1;
        double most = 1e-6;
        for (int b = (a / bin + 1) * bin + a % step; b < rows.length; b += step) {
            double gain = bins.gain(a, b);
            if (gain > most) {
                most = gain;
                best = b;
            }
        }
        return best;
    }

    /** Bins whose columns are kept for as much as their sum exceeds what would have to go for it elsewhere. */
    private final class Sums implements Bins {
        private final int[] order;
        private final double least;
        private final double[][] sums;

        Sums(int[] order, double least) {
            this.order = order;
            this.least = least;
            this.sums = new double[(rows.length + bin - 1) / bin][columns];
            for (int place = 0; place < order.length; place++) {
                for (int column = 0; column < columns; column++) {
                    sums[place / bin][column] += rows[order[place]][column];
                }
            }
        }

        @Override
        public double cost() {
            return 4;
        }

        private double limit(int place) {
            return least * Math.min(bin, rows.length - place / bin * bin);
        }

        @Override
        public double gain(int a, int b) {
            double[] of = sums[a / bin];
            double[] other = sums[b / bin];
            float[] out = rows[order[a]];
            float[] in = rows[order[b]];
            double limit = limit(a);
            double otherLimit = limit(b);
            double gain = 0;
            for (int column = 0; column < columns; column++) {
                double moved = in[column] - out[column];
                double own = of[column] - limit;
                double theirs = other[column] - otherLimit;
                gain += Math.max(0, own + moved) - Math.max(0, own) + Math.max(0, theirs - moved) - Math.max(0, theirs);
            }
            return gain;
        }

        @Override
        public void swap(int a, int b) {
            for (int column = 0; column < columns; column++) {
                double moved = rows[order[b]][column] - rows[order[a]][column];
                sums[a / bin][column] += moved;
                sums[b / bin][column] -= moved;
            }
        }
    }

    /** Bins that keep the largest values of each column. */
    private final class Largest implements Bins {
        private final int[] order;
        private final int kept;
        private final double[] before;
        private final float[] values = new float[bin];

        Largest(int[] order, int kept) {
            this.order = order;
            this.kept = kept;
            this.before = new double[(rows.length + bin - 1) / bin];
            for (int i = 0; i < before.length; i++) {
                before[i] = value(i, -1, -1);
            }
        }

        /** Two bins are sorted. */
        @Override
        public double cost() {
            return 2.0 * bin * (bin + 4);
        }

        /** What a bin keeps with another row at one place. */
        private double value(int at, int place, int row) {
            int first = at * bin;
            int size = Math.min(bin, rows.length - first);
            double sum = 0;
            for (int column = 0; column < columns; column++) {
                for (int i = 0; i < size; i++) {
                    insert(rows[first + i == place ? row : order[first + i]][column], i);
                }
                for (int i = size == bin ? size - kept : 0; i < size; i++) {
                    sum += values[i];
                }
            }
            return sum;
        }

        /** Puts a value among the first {@code count}, which ascend: so few are sorted fastest by hand. */
        private void insert(float value, int count) {
            int at = count;
            while (at > 0 && values[at - 1] > value) {
                values[at] = values[at - 1];
                at--;
            }
            values[at] = value;
        }

        @Override
        public double gain(int a, int b) {
            return value(a / bin, a, order[b]) + value(b / bin, b, order[a]) - before[a / bin] - before[b / bin];
        }

        @Override
        public void swap(int a, int b) {
            int first = order[a];
            before[a / bin] = value(a / bin, a, order[b]);
            before[b / bin] = value(b / bin, b, first);
        }
    }
}
