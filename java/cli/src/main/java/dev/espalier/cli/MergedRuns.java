package dev.espalier.cli;

import dev.espalier.report.RunReport;
import dev.espalier.report.RunReport.Curve;
import dev.espalier.report.RunReport.ModelFacts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Several runs as one report: all models and curves side by side, the comparison of the last run that has one. */
final class MergedRuns {
    private final Map<String, RunReport> runs;

    /** {@code runs} by the name that tells them apart, at least one. */
    MergedRuns(Map<String, RunReport> runs) {
        this.runs = new LinkedHashMap<>(runs);
    }

    RunReport report() {
        if (runs.size() == 1) {
            return runs.values().iterator().next();
        }
        return new RunReport(
                "Espalier runs: " + String.join(", ", runs.keySet()),
                facts(),
                models(),
                curves(),
                last(RunReport::layers),
                last(RunReport::slices),
                last(RunReport::steps),
                last(RunReport::newlyWrong));
    }

    /** What all runs have in common once, everything else under the name of its run. */
    private Map<String, String> facts() {
        Map<String, String> own = new LinkedHashMap<>();
        Map<String, String> common = new LinkedHashMap<>();
        runs.forEach((run, report) -> report.facts().forEach((name, value) -> {
            if (runs.values().stream()
                    .allMatch(other -> value.equals(other.facts().get(name)))) {
                common.put(name, value);
            } else {
                own.put(run + ": " + name, value);
            }
        }));
        runs.forEach((run, report) -> {
            if (!report.slices().isEmpty()) {
                own.put("compared slice by slice", run);
            }
        });
        own.putAll(common);
        return own;
    }

    /** A model that one run made and another began with is listed once; other models of one name carry their run's. */
    private List<ModelFacts> models() {
        List<ModelFacts> models = new ArrayList<>();
        runs.forEach((run, report) -> report.models().forEach(model -> {
            if (models.stream().noneMatch(known -> same(known, model))) {
                boolean taken = models.stream().anyMatch(known -> known.name().equals(model.name()));
                models.add(taken ? renamed(model, model.name() + " (" + run + ")") : model);
            }
        }));
        return models;
    }

    /** Latencies are left out, for they differ from one measurement to the next. */
    private static boolean same(ModelFacts a, ModelFacts b) {
        return a.name().equals(b.name())
                && a.parameters() == b.parameters()
                && a.macs() == b.macs()
                && Double.compare(a.sparsity(), b.sparsity()) == 0
                && Double.compare(a.accuracy(), b.accuracy()) == 0;
    }

    private static ModelFacts renamed(ModelFacts model, String name) {
        return new ModelFacts(
                name, model.parameters(), model.macs(), model.sparsity(), model.accuracy(), model.latencyMillis());
    }

    private List<Curve> curves() {
        List<Curve> curves = new ArrayList<>();
        runs.forEach((run, report) -> report.curves()
                .forEach(
                        curve -> curves.add(new Curve(curve.quantity(), run + ": " + curve.name(), curve.perEpoch()))));
        return curves;
    }

    private <T> List<T> last(Function<RunReport, List<T>> part) {
        List<T> last = List.of();
        for (RunReport report : runs.values()) {
            last = report.slices().isEmpty() && report.layers().isEmpty() ? last : part.apply(report);
        }
        return last;
    }
}
