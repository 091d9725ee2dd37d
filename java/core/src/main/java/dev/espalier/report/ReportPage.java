package dev.espalier.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The HTML page of a {@link RunReport}: one file, no script, nothing loaded from elsewhere. */
public final class ReportPage {

    static final String END = "</main></body></html>\n";

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
        classes();
        newlyWrong();
        return html.append(END).toString();
    }

    /** The begin of any page: heading and facts. */
    static String begin(String title, Map<String, String> facts) {
        StringBuilder html = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>")
                .append(Html.escape(title))
                .append("</title><style>")
                .append(STYLE)
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
        html.append("<h2>Before and after</h2><table><thead><tr><th>model</th><th>parameters</th><th>MACs</th>")
                .append(
                        "<th>sparsity</th><th>accuracy</th><th>change</th><th>latency, batch 1</th></tr></thead><tbody>");
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
        html.append("</tbody></table>\n");
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

    private void classes() {
        List<RunReport.ClassAccuracy> classes = report.classes();
        if (classes.isEmpty()) {
            return;
        }
        html.append("<h2>Accuracy per class</h2><div class=\"charts\">")
                .append(Chart.bars(
                        "Accuracy per class",
                        "accuracy, %",
                        classes.stream().map(RunReport.ClassAccuracy::label).toList(),
                        List.of("before", "after"),
                        List.of(
                                classes.stream()
                                        .mapToDouble(c -> 100 * c.before())
                                        .toArray(),
                                classes.stream()
                                        .mapToDouble(c -> 100 * c.after())
                                        .toArray())))
                .append(
                        "<table><thead><tr><th>class</th><th>before</th><th>after</th><th>change</th></tr></thead><tbody>");
        for (RunReport.ClassAccuracy c : classes) {
            html.append(
                    row(List.of(c.label(), percent(c.before()), percent(c.after()), points(c.after() - c.before()))));
        }
        html.append("</tbody></table></div>\n");
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
            if (!wrong.png().isEmpty()) {
                html.append("<img alt=\"")
                        .append(Html.escape(wrong.sample()))
                        .append("\" src=\"data:image/png;base64,")
                        .append(wrong.png())
                        .append("\">");
            }
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

    private static final String STYLE = """
            :root{--ink:#1c2024;--soft:#60646c;--rule:#e0e1e6;--page:#fff;--c0:#1f6feb;--c1:#d9730d;--c2:#2a8a4a;--c3:#8e4ec6;--c4:#c2298a;--c5:#7a6a00}
            @media (prefers-color-scheme:dark){:root{--ink:#edeef0;--soft:#b0b4ba;--rule:#363a3f;--page:#111113;--c0:#70b8ff;--c1:#ffa057;--c2:#5bb98b;--c3:#c79bf2;--c4:#f783c9;--c5:#d6c85a}}
            body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
            main{max-width:1180px;margin:0 auto;padding:24px}
            h1{font-size:26px;margin:0 0 12px}h2{font-size:18px;margin:32px 0 8px}
            dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
            table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:4px 12px;border-bottom:1px solid var(--rule);text-align:right}
            th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:500}
            .charts{display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start}figure{margin:0;flex:1 1 420px;max-width:560px}figcaption{font-weight:600;margin-bottom:4px}
            svg{width:100%;height:auto;display:block}.grid{stroke:var(--rule);stroke-width:1}.tick{fill:var(--soft);font-size:11px}.label{fill:var(--soft);font-size:12px}
            .mid{text-anchor:middle}.end{text-anchor:end}.line{fill:none;stroke-width:2}
            .legend{margin:0 0 4px;color:var(--soft)}.legend span{margin-right:16px}.legend i{display:inline-block;width:10px;height:10px;margin-right:6px}
            .s0{--c:var(--c0)}.s1{--c:var(--c1)}.s2{--c:var(--c2)}.s3{--c:var(--c3)}.s4{--c:var(--c4)}.s5{--c:var(--c5)}
            .line{stroke:var(--c)}.fill{fill:var(--c)}.legend i{background:var(--c)}
            .gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:16px}.sample{max-width:none}.sample img{width:96px;image-rendering:pixelated}
            .sample figcaption{font-weight:400;font-size:13px;overflow-wrap:anywhere}small,.none{color:var(--soft)}
            """;
}
