package dev.espalier.prune;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.stream.IntStream;

/**
 * The rank of feature maps, by elimination with complete pivoting: a pivot counts while it is above the rounding error of the first.
 *
 * <p>A map with one position has rank 0 or 1, and so has a sequence; more than two axes of positions are read as rows of the first.
 */
final class MapRank {
    private MapRank() {}

    /** For every index along an axis the mean rank over the samples, which lie along the first other axis. */
    static double[] along(Tensor value, int axis) {
        int sample = axis == 0 ? 1 : 0;
        int[] order = IntStream.concat(
                        value.rank() == 1 ? IntStream.of(axis) : IntStream.of(sample, axis),
                        IntStream.range(0, value.rank()).filter(a -> a != sample && a != axis))
                .toArray();
        int samples = value.rank() == 1 ? 1 : (int) value.size(sample);
        int channels = (int) value.size(axis);
        int rows = order.length > 2 ? (int) value.size(order[2]) : 1;
        float[] flat = value.to(DType.F32).permute(order).toFloatArray();
        int columns = flat.length / samples / channels / rows;
        double[] means = new double[channels];
        for (int n = 0; n < samples; n++) {
            for (int c = 0; c < channels; c++) {
                means[c] += (double) of(flat, (n * channels + c) * rows * columns, rows, columns) / samples;
            }
        }
        return means;
    }

    private static int of(float[] flat, int offset, int rows, int columns) {
        double[][] map = new double[rows][columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                map[i][j] = flat[offset + i * columns + j];
            }
        }
        return of(map);
    }

    /** The rank of a matrix whose numbers are exact to 32 bits; the matrix is used up. */
    static int of(double[][] map) {
        int columns = map[0].length;
        double least = 0;
        for (int rank = 0; rank < Math.min(map.length, columns); rank++) {
            int row = rank;
            int column = rank;
            for (int i = rank; i < map.length; i++) {
                for (int j = rank; j < columns; j++) {
                    if (Math.abs(map[i][j]) > Math.abs(map[row][column])) {
                        row = i;
                        column = j;
                    }
                }
            }
            double pivot = Math.abs(map[row][column]);
            least = rank == 0 ? pivot * Math.max(map.length, columns) * 0x1p-23 : least;
            if (!(pivot > least)) {
                return rank;
            }
            swap(map, rank, row, column);
            eliminate(map, rank);
        }
        return Math.min(map.length, columns);
    }

    private static void swap(double[][] map, int at, int row, int column) {
        double[] moved = map[row];
        map[row] = map[at];
        map[at] = moved;
        for (double[] line : map) {
            double number = line[column];
            line[column] = line[at];
            line[at] = number;
        }
    }

    private static void eliminate(double[][] map, int at) {
        for (int i = at + 1; i < map.length; i++) {
            double factor = map[i][at] / map[at][at];
            for (int j = at; j < map[i].length; j++) {
                map[i][j] -= factor * map[at][j];
            }
        }
    }
}
