package dev.espalier.report;

import java.util.List;

/**
 * A named row of points of a chart; points that are not finite are left out.
 *
 * @param name what the legend calls it
 * @param points in drawing order
 */
public record Series(String name, List<Point> points) {

    /** One point, with the text that a pointer over it shows. */
    public record Point(double x, double y, String label) {
        boolean finite() {
            return Double.isFinite(x) && Double.isFinite(y);
        }

        boolean beats(Point other) {
            return x <= other.x && y >= other.y && (x < other.x || y > other.y);
        }
    }

    /** Copies the points, without those that are not finite. */
    public Series {
        points = points.stream().filter(Point::finite).toList();
    }

    /**
     * The points that no other beats, from the smallest x on: none has both an x at most theirs and a y at least theirs, one of the
     * two strictly.
     */
    public static Series front(String name, List<Point> points) {
        List<Point> finite = points.stream().filter(Point::finite).toList();
        return new Series(
                name,
                finite.stream()
                        .filter(p -> finite.stream().noneMatch(q -> q.beats(p)))
                        .sorted(java.util.Comparator.comparingDouble(Point::x))
                        .toList());
    }

    /** A series over x = 1, 2, 3, ... */
    public static Series of(String name, List<Double> values) {
        return new Series(
                name,
                java.util.stream.IntStream.range(0, values.size())
                        .mapToObj(i -> new Point(i + 1, values.get(i), ""))
                        .toList());
    }
}
