package dev.espalier.report;

import dev.espalier.pipeline.Comparison;
import dev.espalier.pipeline.ComparisonRow;
import dev.espalier.pipeline.ComparisonRow.Measures;
import dev.espalier.pipeline.Spread;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** The HTML page of a comparison of recipes: one file, no script, nothing loaded from elsewhere. */
public final class ComparisonPage {
    private ComparisonPage() {}

    /** Renders the page; the same rows give the same text. */
    public static String render(String title, Map<String, String> facts, List<ComparisonRow> rows) {
        StringBuilder html = new StringBuilder(ReportPage.begin(title, facts));
        html.append("<h2>Recipes</h2>")
                .append(ReportPage.table(List.of(
                        "recipe",
                        "seeds",
                        "accuracy, %",
                        "parameters",
                        "MACs",
                        "useful MACs",
                        "latency, ms",
                        "epochs",
                        "training MACs",
                        "training seconds")));
        for (ComparisonRow row : rows) {
            Measures m = row.measures();
            html.append(ReportPage.row(List.of(
                    row.name(),
                    Integer.toString(m.seeds()),
                    text(m.accuracy(), 100, "%.2f"),
                    text(m.parameters(), 1, "%,.0f"),
                    text(m.macs(), 1, "%,.0f"),
                    text(m.usefulMacs(), 1, "%,.0f"),
                    text(m.latencyMillis(), 1, "%.3f"),
                    text(row.costs().epochs(), 1, "%.1f"),
                    text(row.costs().trainedMacs(), 1, "%.3g"),
                    text(row.costs().seconds(), 1, "%.1f"))));
        }
        return html.append(ReportPage.TABLE_END)
                .append("\n<p>Mean ± standard deviation over seeds. Useful MACs are those with weights other")
                .append(
                        " than zero; training MACs are those of the forward passes of all training that led to the model.</p>\n")
                .append("<h2>What accuracy costs</h2><div class=\"charts\">")
                .append(pareto("Accuracy against useful MACs", "useful MACs per sample", rows, Measures::usefulMacs))
                .append(pareto("Accuracy against parameters", "parameters", rows, Measures::parameters))
                .append(pareto("Accuracy against latency", "latency at batch 1, ms", rows, Measures::latencyMillis))
                .append("</div>\n")
                .append(ReportPage.END)
                .toString();
    }

    private static String pareto(
            String title, String xLabel, List<ComparisonRow> rows, Function<Measures, Spread> cost) {
        List<Series> series = new ArrayList<>();
        for (Comparison.Kind kind : Arrays.asList(Comparison.Kind.values())) {
            List<Series.Point> points = rows.stream()
                    .filter(row -> row.kind() == kind)
                    .map(row -> new Series.Point(
                            cost.apply(row.measures()).mean(),
                            100 * row.measures().accuracy().mean(),
                            row.recipe()))
                    .toList();
            if (!points.isEmpty()) {
                series.add(new Series(Comparison.text(kind), points));
            }
        }
        return Chart.pareto(title, xLabel, "accuracy, %", series);
    }

    private static String text(Spread spread, double factor, String form) {
        String mean = String.format(Locale.ROOT, form, factor * spread.mean());
        return spread.sd() == null ? mean : mean + " ± " + String.format(Locale.ROOT, form, factor * spread.sd());
    }
}
