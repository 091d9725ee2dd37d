package dev.espalier.cli.watch;

import java.util.ArrayList;
import java.util.List;

/** A growing line in bounded memory: whenever it is full, neighbours are merged in pairs, and what follows in groups as large. */
final class ThinnedSeries {
    private final double[] xs;
    private final double[] ys;
    private int size;
    /** Points given for each point held. */
    private int group = 1;

    private int waiting;
    private double sumX;
    private double sumY;
    private int changedFrom;
    private boolean moved;

    /** Holds at most {@code capacity} points, an even number, beside one that still grows. */
    ThinnedSeries(int capacity) {
        if (capacity < 2 || capacity % 2 != 0) {
            throw new IllegalArgumentException("a series holds an even number of points, got " + capacity);
        }
        xs = new double[capacity];
        ys = new double[capacity];
    }

    /**
     * What a reader of an earlier state has to do: forget the points from {@code from} on and append these.
     *
     * @param points x and y in turn
     */
    record Change(int from, List<Float> points) {
        Change {
            points = List.copyOf(points);
        }
    }

    /** Appends a point; one that is not finite is left out. */
    void add(double x, double y) {
        if (!Double.isFinite(x) || !Double.isFinite(y)) {
            return;
        }
        moved = true;
        sumX += x;
        sumY += y;
        waiting++;
        if (waiting == group) {
            xs[size] = sumX / group;
            ys[size] = sumY / group;
            size++;
            waiting = 0;
            sumX = 0;
            sumY = 0;
            if (size == xs.length) {
                halve();
            }
        }
    }

    private void halve() {
        size /= 2;
        for (int i = 0; i < size; i++) {
            xs[i] = (xs[2 * i] + xs[2 * i + 1]) / 2;
            ys[i] = (ys[2 * i] + ys[2 * i + 1]) / 2;
        }
        group *= 2;
        changedFrom = 0;
    }

    /** Whether something was added since the last call of {@link #changes}. */
    boolean moved() {
        return moved;
    }

    /** What was added since the last call. */
    Change changes() {
        Change change = from(changedFrom);
        changedFrom = size;
        moved = false;
        return change;
    }

    /** All points. */
    Change whole() {
        return from(0);
    }

    private Change from(int first) {
        List<Float> points = new ArrayList<>(2 * (size - first + 1));
        for (int i = first; i < size; i++) {
            points.add((float) xs[i]);
            points.add((float) ys[i]);
        }
        if (waiting > 0) {
            points.add((float) (sumX / waiting));
            points.add((float) (sumY / waiting));
        }
        return new Change(first, points);
    }
}
