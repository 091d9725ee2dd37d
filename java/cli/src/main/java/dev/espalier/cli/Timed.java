package dev.espalier.cli;

import dev.espalier.pipeline.LatencyReport;
import java.util.Locale;

/**
 * What was measured for a latency target.
 *
 * @param ratio the pruned model's share of the dense one's time
 * @param met whether the ratio is as near to the target as it must be
 */
record Timed(
        double target,
        int batch,
        double denseMillis,
        double prunedMillis,
        double ratio,
        double estimate,
        int layerTimings,
        int races,
        boolean met) {
    static Timed of(LatencyReport report) {
        return new Timed(
                report.target(),
                report.batch(),
                report.measured().denseMillis(),
                report.measured().prunedMillis(),
                report.measured().ratio(),
                report.estimate(),
                report.layerTimings(),
                report.races(),
                report.met());
    }

    String told() {
        return String.format(
                Locale.ROOT,
                "%.3f of %.3f ms at batch %d, ratio %.3f, wanted %.3f within %.0f %%: %s; layers alone %.3f;"
                        + " %d layer timings, %d races",
                prunedMillis,
                denseMillis,
                batch,
                ratio,
                1 - target,
                100 * LatencyReport.TOLERANCE,
                met ? "met" : "not met",
                estimate,
                layerTimings,
                races);
    }
}
