package dev.espalier.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

class ReportPageTest {

    private static RunReport report() {
        return new RunReport(
                "Run <1>",
                Map.of("command", "espalier prune \"a\" & b"),
                List.of(
                        new RunReport.ModelFacts("dense", 1000, 4_000_000, 0, 0.75, 2.0),
                        new RunReport.ModelFacts("half", 500, 2_000_000, 0, 0.745, Double.NaN)),
                List.of(
                        new RunReport.Curve("loss", "train", List.of(2.0, 1.5, Double.NaN, 1.0)),
                        new RunReport.Curve("loss", "validation", List.of(2.1, 1.7, 1.4, 1.3))),
                List.of(new RunReport.LayerChannels("conv1", 32, 16)),
                List.of(
                        new RunReport.SliceAccuracy("cat", 7, 0.6, 0.5),
                        new RunReport.SliceAccuracy("dog", 8, 0.7, 0.71)),
                List.of(
                        new RunReport.Step("before", Map.of("cat", 0.625)),
                        new RunReport.Step("pruned to <0.5>", Map.of("cat", 0.125)),
                        new RunReport.Step("fine-tune", Map.of())),
                List.of(new RunReport.NewlyWrong(
                        "cat/0001.png",
                        "cat",
                        "dog",
                        List.of(new RunReport.Exhibit(RunReport.Exhibit.Kind.PICTURE, "AQID")))));
    }

    @Test
    void loadsNothingFromElsewhere() {
        String page = ReportPage.render(report());
        assertThat(page).doesNotContain("http:", "https:", "<script", "@import", "url(");
    }

    @Test
    void showsEveryFigureItWasGiven() {
        String page = ReportPage.render(report());
        assertThat(page)
                .contains("4,000,000", "75.00 %", "-0.50 points", "2.00 ms", "conv1", "-10.00 points", "+1.00 points")
                .contains("cat → dog", "data:image/png;base64,AQID")
                .contains(
                        "<th>slice</th><th>before</th><th>pruned to &lt;0.5&gt;</th><th>fine-tune</th>",
                        "<td>cat</td><td>62.50 %</td><td>12.50 %</td><td>–</td>");
    }

    @Test
    void twoStepsAreNotToldTwice() {
        RunReport all = report();
        RunReport two = new RunReport(
                all.title(),
                all.facts(),
                all.models(),
                all.curves(),
                all.layers(),
                all.slices(),
                all.steps().subList(0, 2),
                all.newlyWrong());
        assertThat(ReportPage.render(all)).contains("Slices from step to step");
        assertThat(ReportPage.render(two)).doesNotContain("Slices from step to step");
    }

    @Test
    void textIsEscaped() {
        String page = ReportPage.render(report());
        assertThat(page).contains("Run &lt;1&gt;", "espalier prune &quot;a&quot; &amp; b");
        assertThat(page).doesNotContain("<1>");
    }

    @Test
    void everyChartIsWellFormedAndInsideItsFrame() throws Exception {
        Matcher svg = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL).matcher(ReportPage.render(report()));
        int charts = 0;
        while (svg.find()) {
            charts++;
            var document = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new ByteArrayInputStream(svg.group().getBytes(StandardCharsets.UTF_8)));
            var circles = document.getElementsByTagName("circle");
            for (int i = 0; i < circles.getLength(); i++) {
                var at = circles.item(i).getAttributes();
                assertThat(Double.parseDouble(at.getNamedItem("cx").getNodeValue()))
                        .isBetween(0.0, 560.0);
                assertThat(Double.parseDouble(at.getNamedItem("cy").getNodeValue()))
                        .isBetween(0.0, 300.0);
            }
        }
        // three trade-offs (latency with its one measured point), one of curves, layers, classes
        assertThat(charts).isEqualTo(6);
    }

    @Test
    void pointsThatAreNotFiniteAreLeftOut() {
        Series series = Series.of("loss", List.of(1.0, Double.NaN, Double.POSITIVE_INFINITY, 2.0));
        assertThat(series.points()).extracting(Series.Point::x).containsExactly(1.0, 4.0);
    }

    @Test
    void axisEndsOnRoundTicksAroundTheValues() {
        Axis axis = new Axis(0.13, 0.97, 0, 100);
        assertThat(axis.ticks()).hasSizeBetween(3, 8);
        assertThat(axis.at(0.13)).isBetween(0.0, 100.0);
        assertThat(axis.at(0.97)).isBetween(0.0, 100.0);
        assertThat(axis.label(axis.ticks().get(1))).matches("0\\.\\d");
        assertThat(new Axis(0, 4_000_000, 0, 1).label(2_000_000)).isEqualTo("2M");
        Axis single = new Axis(5, 5, 0, 100);
        assertThat(single.at(5)).isBetween(0.0, 100.0);
    }
}
