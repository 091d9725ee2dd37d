package dev.espalier.report;

import dev.espalier.train.RateSearch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The HTML page of a search for the learning rate: one file, no script, nothing loaded from elsewhere. */
public final class RatePage {
    private RatePage() {}

    /** Renders the page; the same search gives the same text. */
    public static String render(String title, Map<String, String> facts, RateSearch.Found found) {
        List<Series.Point> smoothed = found.points().stream()
                .map(p -> new Series.Point(Math.log10(p.rate()), p.smoothed(), rate(p.rate())))
                .toList();
        List<Series> series = new ArrayList<>(List.of(new Series("smoothed loss", smoothed)));
        found.steepest().ifPresent(rate -> series.add(new Series("falls fastest", List.of(at(found, rate)))));
        series.add(new Series("lowest", List.of(at(found, found.lowest()))));
        return ReportPage.begin(title, facts) + "<div class=\"charts\">"
                + Chart.lines("Loss while the learning rate grows", "log10 of the learning rate", "loss", series)
                + "</div>\n" + ReportPage.END;
    }

    private static Series.Point at(RateSearch.Found found, double rate) {
        return found.points().stream()
                .filter(p -> p.rate() == rate)
                .map(p -> new Series.Point(Math.log10(rate), p.smoothed(), rate(rate)))
                .findFirst()
                .orElseThrow();
    }

    private static String rate(double rate) {
        return String.format(Locale.ROOT, "lr %.3g", rate);
    }
}
