package dev.espalier.cli;

import dev.espalier.train.RateSearch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a search for the learning rate found, in the form of the JSON output.
 *
 * @param suggestedLr where the loss fell fastest; absent if it never fell
 * @param lowestLossLr where the loss was least, which is too much to begin with
 * @param page the HTML page with the chart
 */
record RateFacts(
        @Nullable Double suggestedLr,
        double lowestLossLr,
        boolean diverged,
        String page,
        List<RateSearch.Point> points) {
    /** Rows of the table. */
    private static final int ROWS = 20;

    static RateFacts of(RateSearch.Found found, String page) {
        return new RateFacts(found.steepest().orElse(null), found.lowest(), found.diverged(), page, found.points());
    }

    void print(Console console) {
        Table table = new Table().row("lr", "loss", "smoothed");
        int every = Math.max(1, points.size() / ROWS);
        for (int i = 0; i < points.size(); i += every) {
            table.row(points.get(i).rate(), points.get(i).loss(), points.get(i).smoothed());
        }
        table.print(console.out());
        new Table()
                .row("lowest loss at lr", lowestLossLr)
                .row("suggested lr", suggestedLr == null ? "none: the loss never fell" : suggestedLr)
                .row("chart", page)
                .print(console.out());
    }
}
