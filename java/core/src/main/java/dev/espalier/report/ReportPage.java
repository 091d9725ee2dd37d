package dev.espalier.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The HTML page of a {@link RunReport}: one file, no script, nothing loaded from elsewhere. */
public final class ReportPage {

    static final String END = "</main></body></html>\n";

    static final String TABLE_END = "</tbody></table></div>";

    private final RunReport report;
    private final StringBuilder html = new StringBuilder();

    private ReportPage(RunReport report) {
        this.report = report;
    }

    /** Renders the page; the same report gives the same text. */
    public static String render(RunReport report) {
        return new ReportPage(report).page();
    }

    private String page() {
        html.append(begin(report.title(), report.facts()));
        models();
        tradeOffs();
        curves();
        layers();
        slices();
        steps();
        newlyWrong();
        return html.append(END).toString();
    }

    /** The begin of any page: heading and facts. */
    static String begin(String title, Map<String, String> facts) {
        StringBuilder html = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>")
                .append(Html.escape(title))
                .append("</title>")
                .append(PageStyle.ICON)
                .append("<style>")
                .append(PageStyle.CSS)
                .append("</style></head><body><main><h1>")
                .append(Html.escape(title))
                .append("</h1>\n");
        if (!facts.isEmpty()) {
            html.append("<dl>");
            facts.forEach((name, value) -> html.append("<dt>")
                    .append(Html.escape(name))
                    .append("</dt><dd>")
                    .append(Html.escape(value))
                    .append("</dd>"));
            html.append("</dl>\n");
        }
        return html.toString();
    }

    private void models() {
        html.append("<h2>Before and after</h2>")
                .append(table(
                        List.of("model", "parameters", "MACs", "sparsity", "accuracy", "change", "latency, batch 1")));
        for (RunReport.ModelFacts m : report.models()) {
            RunReport.ModelFacts first = report.models().get(0);
            html.append(row(List.of(
                    m.name(),
                    grouped(m.parameters()),
                    grouped(m.macs()),
                    percent(m.sparsity()),
                    percent(m.accuracy()),
                    m.equals(first) ? "" : points(m.accuracy() - first.accuracy()),
                    Double.isFinite(m.latencyMillis())
                            ? String.format(Locale.ROOT, "%.2f ms", m.latencyMillis())
                            : "–")));
        }
        html.append(TABLE_END).append("\n");
    }

    private void tradeOffs() {
        List<RunReport.ModelFacts> models = report.models();
        if (models.size() < 2) {
            return;
        }
        html.append("<h2>What it cost</h2><div class=\"charts\">");
        tradeOff("Accuracy against MACs", "MACs per sample", models, m -> (double) m.macs());
        tradeOff("Accuracy against sparsity", "sparsity, %", models, m -> 100 * m.sparsity());
        tradeOff("Accuracy against latency", "median latency at batch 1, ms", models, m -> m.latencyMillis());
        html.append("</div>\n");
    }

    private void tradeOff(
            String title,
            String xLabel,
            List<RunReport.ModelFacts> models,
            java.util.function.ToDoubleFunction<RunReport.ModelFacts> x) {
        List<Series.Point> points = models.stream()
                .map(m -> new Series.Point(x.applyAsDouble(m), 100 * m.accuracy(), m.name()))
                .toList();
        html.append(Chart.scatter(title, xLabel, "accuracy, %", List.of(new Series("model", points))));
    }

    private void curves() {
        Map<String, List<Series>> byQuantity = new LinkedHashMap<>();
        for (RunReport.Curve curve : report.curves()) {
            byQuantity
                    .computeIfAbsent(curve.quantity(), q -> new ArrayList<>())
                    .add(Series.of(curve.name(), curve.perEpoch()));
        }
        if (byQuantity.isEmpty()) {
            return;
        }
        html.append("<h2>Training</h2><div class=\"charts\">");
        byQuantity.forEach(
                (quantity, series) -> html.append(Chart.lines(quantity + " per epoch", "epoch", quantity, series)));
        html.append("</div>\n");
    }

    private void layers() {
        List<RunReport.LayerChannels> layers = report.layers();
        if (layers.isEmpty()) {
            return;
        }
        html.append("<h2>Channels kept per layer</h2><div class=\"charts\">")
                .append(Chart.bars(
                        "Output channels per layer",
                        "channels",
                        layers.stream().map(RunReport.LayerChannels::layer).toList(),
                        List.of("before", "after"),
                        List.of(
                                layers.stream()
                                        .mapToDouble(RunReport.LayerChannels::before)
                                        .toArray(),
                                layers.stream()
                                        .mapToDouble(RunReport.LayerChannels::after)
                                        .toArray())))
                .append("</div>\n");
    }

    private void slices() {
        List<RunReport.SliceAccuracy> slices = report.slices();
        if (slices.isEmpty()) {
            return;
        }
        html.append("<h2>Accuracy per slice</h2><div class=\"charts\">")
                .append(Chart.bars(
                        "Accuracy per slice",
                        "accuracy, %",
                        slices.stream().map(RunReport.SliceAccuracy::name).toList(),
                        List.of("before", "after"),
                        List.of(
                                slices.stream()
                                        .mapToDouble(c -> 100 * c.before())
                                        .toArray(),
                                slices.stream()
                                        .mapToDouble(c -> 100 * c.after())
                                        .toArray())))
                .append(table(List.of("slice", "samples", "before", "after", "change")));
        for (RunReport.SliceAccuracy slice : slices) {
            html.append(row(List.of(
                    slice.name(),
                    grouped(slice.samples()),
                    percent(slice.before()),
                    percent(slice.after()),
                    points(slice.after() - slice.before()))));
        }
        html.append(TABLE_END).append("</div>\n");
    }

    /** Two steps say no more than the table before does. */
    private void steps() {
        List<RunReport.Step> steps = report.steps();
        if (steps.size() < 3) {
            return;
        }
        List<String> head = new ArrayList<>(List.of("slice"));
        steps.forEach(step -> head.add(step.name()));
        html.append("<h2>Slices from step to step</h2><p>Accuracy on the validation samples.</p>")
                .append(table(head));
        for (String slice : steps.get(0).accuracies().keySet()) {
            List<String> cells = new ArrayList<>(List.of(slice));
            steps.forEach(step -> cells.add(percent(step.accuracies().getOrDefault(slice, Double.NaN))));
            html.append(row(cells));
        }
        html.append(TABLE_END).append("\n");
    }

    private void newlyWrong() {
        html.append("<h2>Samples newly wrong</h2>");
        if (report.newlyWrong().isEmpty()) {
            html.append("<p class=\"none\">none was recorded</p>\n");
            return;
        }
        html.append("<p>Right before pruning, wrong after: ")
                .append(report.newlyWrong().size())
                .append(" shown.</p><div class=\"gallery\">");
        for (RunReport.NewlyWrong wrong : report.newlyWrong()) {
            html.append("<figure class=\"sample\">");
            wrong.exhibits().forEach(exhibit -> html.append(shown(exhibit, wrong.sample())));
            html.append("<figcaption>")
                    .append(Html.escape(wrong.label()))
                    .append(" → ")
                    .append(Html.escape(wrong.predicted()))
                    .append("<br><small>")
                    .append(Html.escape(wrong.sample()))
                    .append("</small></figcaption></figure>");
        }
        html.append("</div>\n");
    }

    private static String shown(RunReport.Exhibit exhibit, String sample) {
        return switch (exhibit.kind()) {
            case PICTURE ->
                "<img alt=\"" + Html.escape(sample) + "\" src=\"data:image/png;base64," + exhibit.content() + "\">";
            case SOUND ->
                "<audio controls preload=\"none\" src=\"data:audio/wav;base64," + exhibit.content() + "\"></audio>";
            case TEXT -> "<blockquote>" + Html.escape(exhibit.content()) + "</blockquote>";
        };
    }

    /** The begin of a table with this head, in a box that scrolls where the screen is narrower. */
    static String table(List<String> head) {
        StringBuilder table = new StringBuilder("<div class=\"wide\" tabindex=\"0\"><table><thead><tr>");
        head.forEach(cell -> table.append("<th>").append(Html.escape(cell)).append("</th>"));
        return table.append("</tr></thead><tbody>").toString();
    }

    static String row(List<String> cells) {
        StringBuilder row = new StringBuilder("<tr>");
        cells.forEach(cell -> row.append("<td>").append(Html.escape(cell)).append("</td>"));
        return row.append("</tr>").toString();
    }

    private static String grouped(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    private static String percent(double share) {
        return Double.isFinite(share) ? String.format(Locale.ROOT, "%.2f %%", 100 * share) : "–";
    }

    private static String points(double difference) {
        return Double.isFinite(difference) ? String.format(Locale.ROOT, "%+.2f points", 100 * difference) : "–";
    }
}
