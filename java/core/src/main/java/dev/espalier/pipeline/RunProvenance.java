package dev.espalier.pipeline;

import dev.espalier.data.DataSets;
import dev.espalier.data.ImageSource;
import dev.espalier.data.Task;
import dev.espalier.model.Metadata;
import dev.espalier.model.Preprocessing;
import dev.espalier.model.Provenance;
import dev.espalier.prune.CompactionReport;
import dev.espalier.train.EpochReport;
import dev.espalier.train.History;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the model that a run has made says about itself. */
final class RunProvenance {
    private RunProvenance() {}

    static Metadata metadata(
            Metadata given,
            RunPlan plan,
            RunSetting setting,
            List<History.Entry> history,
            Measured before,
            Measured after) {
        DataSets data = setting.data();
        SortedMap<String, String> facts = new TreeMap<>(given.provenance().facts());
        facts.putAll(plan.facts());
        facts.put("data.fingerprint", data.train().fingerprint());
        facts.put("data.training-samples", Integer.toString(data.train().size()));
        facts.put("machine.device", setting.device().toString());
        facts.put("machine.processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put("machine.system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("machine.java", System.getProperty("java.version"));
        measured(facts, "before.", before);
        measured(facts, "after.", after);
        history.forEach(entry -> epoch(facts, entry));
        Metadata metadata = given.withLabels(data.classes())
                .withProvenance(new Provenance(facts))
                .with(Task.FACT, data.train().answers().task().toString());
        // A model that states how it is fed was fed so; what it has lost since is stated beside it.
        for (Map.Entry<String, String> fact : data.train().facts().entrySet()) {
            if (!given.extra().containsKey(fact.getKey())) {
                metadata = metadata.with(fact.getKey(), fact.getValue());
            }
        }
        return data.train() instanceof ImageSource images
                ? metadata.withPreprocessing(new Preprocessing(
                        images.imageShape(),
                        data.statistics().mean(),
                        data.statistics().std(),
                        "NCHW"))
                : metadata;
    }

    /** Of the last epoch's weights, on which nothing was measured. */
    static Metadata ofLastEpoch(Metadata kept) {
        SortedMap<String, String> facts = new TreeMap<>(kept.provenance().facts());
        facts.keySet().removeIf(name -> name.startsWith("before.") || name.startsWith("after."));
        facts.put("weights", "of the last epoch");
        return kept.withProvenance(new Provenance(facts));
    }

    static Metadata withLatency(Metadata given, Optional<LatencyReport> latency) {
        if (latency.isEmpty()) {
            return given;
        }
        SortedMap<String, String> facts = new TreeMap<>(given.provenance().facts());
        facts.put("latency.batch", Integer.toString(latency.get().batch()));
        facts.put("latency.dense-ms", Double.toString(latency.get().measured().denseMillis()));
        facts.put("latency.pruned-ms", Double.toString(latency.get().measured().prunedMillis()));
        facts.put("latency.met", Boolean.toString(latency.get().met()));
        return given.withProvenance(new Provenance(facts));
    }

    static Metadata withLayers(Metadata given, Optional<CompactionReport> compaction) {
        List<String> layers = compaction.map(CompactionReport::layers).orElse(List.of());
        return layers.isEmpty()
                ? given
                : given.withProvenance(given.provenance().with("prune.layers", String.join(" ", layers)));
    }

    private static void measured(Map<String, String> facts, String prefix, Measured measured) {
        facts.put(prefix + "parameters", Long.toString(measured.size().parameters()));
        facts.put(prefix + "macs", Long.toString(measured.size().macs()));
        facts.put(prefix + "sparsity", Double.toString(measured.size().sparsity()));
        facts.put(prefix + "accuracy", Double.toString(measured.evaluation().accuracy()));
        facts.put(prefix + "latency-ms", Double.toString(measured.latencyMillis()));
    }

    /** The last epoch of each stage stays. */
    private static void epoch(Map<String, String> facts, History.Entry entry) {
        EpochReport report = entry.report();
        EpochReport.Scores scores = report.validation() == null ? report.training() : report.validation();
        facts.put(
                "history." + entry.stage(),
                (report.epoch() + 1) + " epochs, " + (report.validation() == null ? "training" : "validation")
                        + " accuracy " + scores.accuracy());
    }
}
