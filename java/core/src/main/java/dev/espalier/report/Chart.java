package dev.espalier.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A static chart in SVG that takes its colours from the page around it.
 *
 * <p>Series colours are the CSS classes {@code s0} to {@code s5}; a seventh series repeats the first.
 */
public final class Chart {

    private static final int WIDTH = 560;
    private static final int HEIGHT = 300;
    private static final int LEFT = 62;
    private static final int RIGHT = 16;
    private static final int TOP = 16;
    private static final int BOTTOM = 46;
    private static final int COLOURS = 6;

    private Chart() {}

    /** One line per series. */
    public static String lines(String title, String xLabel, String yLabel, List<Series> series) {
        return plot(title, xLabel, yLabel, List.of(), series);
    }

    /** Points with their labels beside them, joined by nothing. */
    public static String scatter(String title, String xLabel, String yLabel, List<Series> series) {
        return plot(title, xLabel, yLabel, series, List.of());
    }

    /** Points with their labels beside them, and the line of those that no other beats: small x and large y are good. */
    public static String pareto(String title, String xLabel, String yLabel, List<Series> series) {
        List<Series.Point> all =
                series.stream().flatMap(s -> s.points().stream()).toList();
        return plot(title, xLabel, yLabel, series, List.of(Series.front("not beaten", all)));
    }

    /**
     * Groups of horizontal bars, one group per category, all from zero.
     *
     * @param values {@code values.get(s)[c]} is the value of series s in category c; not finite: no bar
     */
    public static String bars(
            String title, String valueLabel, List<String> categories, List<String> names, List<double[]> values) {
        int bar = 12;
        int group = bar * names.size() + 10;
        int left = 150;
        int height = TOP + group * categories.size() + BOTTOM;
        double max = values.stream()
                .flatMapToDouble(java.util.Arrays::stream)
                .filter(Double::isFinite)
                .max()
                .orElse(1);
        Axis axis = new Axis(0, Math.max(max, 1e-9), left, WIDTH - RIGHT);
        StringBuilder svg = open(title, height);
        for (double tick : axis.ticks()) {
            line(svg, "grid", axis.at(tick), TOP, axis.at(tick), height - BOTTOM);
            text(svg, "tick mid", axis.at(tick), height - BOTTOM + 16, axis.label(tick));
        }
        for (int c = 0; c < categories.size(); c++) {
            double y = TOP + c * group + 5;
            text(svg, "tick end", left - 8, y + group / 2.0 - 2, shorten(categories.get(c)));
            for (int s = 0; s < names.size(); s++) {
                double value = values.get(s)[c];
                if (Double.isFinite(value)) {
                    svg.append(String.format(
                            Locale.ROOT,
                            "<rect class=\"fill s%d\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"><title>%s, %s: %s</title></rect>",
                            s % COLOURS,
                            left,
                            y + s * bar,
                            Math.max(0, axis.at(value) - left),
                            bar - 2,
                            Html.escape(categories.get(c)),
                            Html.escape(names.get(s)),
                            number(value)));
                }
            }
        }
        text(svg, "label mid", (left + WIDTH - RIGHT) / 2.0, height - 8, valueLabel);
        return figure("bars", title, svg, names);
    }

    private static String plot(
            String title, String xLabel, String yLabel, List<Series> scattered, List<Series> joined) {
        List<Series> series = Stream.concat(scattered.stream(), joined.stream()).toList();
        List<Series.Point> points =
                series.stream().flatMap(s -> s.points().stream()).toList();
        if (points.isEmpty()) {
            return "<figure><figcaption>" + Html.escape(title)
                    + "</figcaption><p class=\"none\">nothing was measured</p></figure>";
        }
        Axis x = axis(points.stream().mapToDouble(Series.Point::x).toArray(), LEFT, WIDTH - RIGHT);
        Axis y = axis(points.stream().mapToDouble(Series.Point::y).toArray(), HEIGHT - BOTTOM, TOP);
        StringBuilder svg = open(title, HEIGHT);
        for (double tick : y.ticks()) {
            line(svg, "grid", LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick));
            text(svg, "tick end", LEFT - 6, y.at(tick) + 4, y.label(tick));
        }
        for (double tick : x.ticks()) {
            line(svg, "grid", x.at(tick), TOP, x.at(tick), HEIGHT - BOTTOM);
            text(svg, "tick mid", x.at(tick), HEIGHT - BOTTOM + 16, x.label(tick));
        }
        text(svg, "label mid", (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, xLabel);
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"label mid side\" transform=\"translate(14 %.1f) rotate(-90)\">%s</text>",
                (TOP + HEIGHT - BOTTOM) / 2.0,
                Html.escape(yLabel)));
        for (int s = 0; s < series.size(); s++) {
            draw(svg, series.get(s), s % COLOURS, x, y, s >= scattered.size());
        }
        return figure("plot", title, svg, series.stream().map(Series::name).toList());
    }

    private static void draw(StringBuilder svg, Series series, int colour, Axis x, Axis y, boolean joined) {
        if (joined) {
            svg.append("<polyline class=\"line s").append(colour).append("\" points=\"");
            series.points()
                    .forEach(p -> svg.append(String.format(Locale.ROOT, "%.1f,%.1f ", x.at(p.x()), y.at(p.y()))));
            svg.append("\"/>");
        }
        for (Series.Point p : series.points()) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<circle class=\"fill s%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"><title>%s</title></circle>",
                    colour,
                    x.at(p.x()),
                    y.at(p.y()),
                    joined ? "2" : "5",
                    Html.escape(series.name() + " " + p.label() + ": " + number(p.x()) + ", " + number(p.y()))));
            if (!joined && !p.label().isEmpty()) {
                boolean right = x.at(p.x()) > WIDTH * 0.7;
                text(
                        svg,
                        right ? "tick end" : "tick",
                        x.at(p.x()) + (right ? -9 : 9),
                        y.at(p.y()) + 4,
                        shorten(p.label()));
            }
        }
    }

    private static Axis axis(double[] values, double from, double to) {
        java.util.DoubleSummaryStatistics s = java.util.Arrays.stream(values).summaryStatistics();
        return new Axis(s.getMin(), s.getMax(), from, to);
    }

    private static StringBuilder open(String title, int height) {
        return new StringBuilder(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
                WIDTH,
                height,
                Html.escape(title)));
    }

    private static String figure(String css, String title, StringBuilder svg, List<String> names) {
        StringBuilder html = new StringBuilder("<figure class=\"")
                .append(css)
                .append("\"><figcaption>")
                .append(Html.escape(title))
                .append("</figcaption>");
        if (names.size() > 1) {
            html.append("<p class=\"legend\">");
            for (int s = 0; s < names.size(); s++) {
                html.append(String.format(
                        Locale.ROOT, "<span><i class=\"s%d\"></i>%s</span>", s % COLOURS, Html.escape(names.get(s))));
            }
            html.append("</p>");
        }
        return html.append(svg).append("</svg></figure>").toString();
    }

    private static void line(StringBuilder svg, String css, double x1, double y1, double x2, double y2) {
        svg.append(String.format(
                Locale.ROOT,
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                css,
                x1,
                y1,
                x2,
                y2));
    }

    private static void text(StringBuilder svg, String css, double x, double y, String text) {
        svg.append(String.format(
                Locale.ROOT, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>", css, x, y, Html.escape(text)));
    }

    private static String shorten(String text) {
        return text.length() <= 22 ? text : text.substring(0, 10) + "…" + text.substring(text.length() - 11);
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.4g", value);
    }
}
