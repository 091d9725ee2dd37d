package dev.espalier.pipeline;

import dev.espalier.data.Answers;
import dev.espalier.data.Scale;
import dev.espalier.data.Task;
import dev.espalier.prune.CompactionReport;
import dev.espalier.prune.EqualityCheck;
import dev.espalier.prune.Frozen;
import dev.espalier.prune.Size;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.EvaluationResult;
import dev.espalier.train.SliceScore;
import dev.espalier.train.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes what a run has found out so far into a checkpoint, and reads it back. */
final class RunRecords {
    private static final String BEFORE = "before/";
    private static final String COMPACTION = "compaction/";
    private static final String SLICES = "slices-before/";
    private static final String LATENCY = "latency/";

    private RunRecords() {}

    static void save(Snapshot.Builder snapshot, Measured measured) {
        EvaluationResult evaluation = measured.evaluation();
        save(snapshot, BEFORE, measured.size());
        snapshot.fact(BEFORE + "loss", evaluation.loss())
                .fact(BEFORE + "task", evaluation.right().task())
                .fact(BEFORE + "outputs", evaluation.right().outputs())
                .fact(BEFORE + "low", evaluation.right().scale().low())
                .fact(BEFORE + "high", evaluation.right().scale().high())
                .fact(BEFORE + "latency", measured.latencyMillis())
                .tensor(BEFORE + "predictions", tensor(evaluation.given()))
                .tensor(BEFORE + "labels", tensor(evaluation.right()));
        for (int i = 0; i < measured.slices().size(); i++) {
            SliceScore slice = measured.slices().get(i);
            String name = SLICES + "%06d".formatted(i) + "/";
            snapshot.fact(name + "1-name", slice.name())
                    .fact(name + "2-samples", slice.samples())
                    .fact(name + "3-accuracy", slice.accuracy());
        }
    }

    static Optional<Measured> measured(Snapshot snapshot) {
        if (!snapshot.hasFact(BEFORE + "loss")) {
            return Optional.empty();
        }
        EvaluationResult evaluation = new EvaluationResult(
                snapshot.real(BEFORE + "loss"), answers(snapshot, "predictions"), answers(snapshot, "labels"));
        List<String> facts = new ArrayList<>(snapshot.factsUnder(SLICES).values());
        List<SliceScore> slices = new ArrayList<>();
        for (int i = 0; i < facts.size(); i += 3) {
            slices.add(new SliceScore(
                    facts.get(i), Integer.parseInt(facts.get(i + 1)), Double.parseDouble(facts.get(i + 2))));
        }
        return Optional.of(new Measured(size(snapshot, BEFORE), evaluation, slices, snapshot.real(BEFORE + "latency")));
    }

    static void save(Snapshot.Builder snapshot, CompactionReport report) {
        save(snapshot, COMPACTION + "before/", report.before());
        save(snapshot, COMPACTION + "after/", report.after());
        snapshot.fact(COMPACTION + "difference", report.check().maxAbsDiff())
                .fact(COMPACTION + "tolerance", report.check().tolerance())
                .fact(COMPACTION + "deviation", report.check().deviation());
        for (int i = 0; i < report.approximations().size(); i++) {
            snapshot.fact(
                    COMPACTION + "approximations/" + "%06d".formatted(i),
                    report.approximations().get(i));
        }
        for (int i = 0; i < report.layers().size(); i++) {
            snapshot.fact(
                    COMPACTION + "layers/" + "%06d".formatted(i),
                    report.layers().get(i));
        }
        for (int i = 0; i < report.frozen().size(); i++) {
            Frozen frozen = report.frozen().get(i);
            // Facts sort as text, so that equal widths keep the order.
            String name = COMPACTION + "frozen/" + "%06d".formatted(i) + "/";
            snapshot.fact(name + "node", frozen.node()).fact(name + "reason", frozen.reason());
        }
    }

    static Optional<CompactionReport> compaction(Snapshot snapshot) {
        if (!snapshot.hasFact(COMPACTION + "difference")) {
            return Optional.empty();
        }
        List<String> values =
                new ArrayList<>(snapshot.factsUnder(COMPACTION + "frozen/").values());
        List<Frozen> frozen = new ArrayList<>();
        for (int i = 0; i < values.size(); i += 2) {
            frozen.add(new Frozen(values.get(i), values.get(i + 1)));
        }
        // A compaction that fails its check throws, so that one on record has passed.
        EqualityCheck check = new EqualityCheck(
                snapshot.real(COMPACTION + "difference"),
                snapshot.real(COMPACTION + "tolerance"),
                true,
                snapshot.real(COMPACTION + "deviation"));
        return Optional.of(new CompactionReport(
                size(snapshot, COMPACTION + "before/"),
                size(snapshot, COMPACTION + "after/"),
                check,
                List.copyOf(snapshot.factsUnder(COMPACTION + "approximations/").values()),
                List.copyOf(snapshot.factsUnder(COMPACTION + "layers/").values()),
                frozen));
    }

    static void save(Snapshot.Builder snapshot, LatencyReport report) {
        snapshot.fact(LATENCY + "target", report.target())
                .fact(LATENCY + "batch", report.batch())
                .fact(LATENCY + "dense", report.measured().denseMillis())
                .fact(LATENCY + "pruned", report.measured().prunedMillis())
                .fact(LATENCY + "estimate", report.estimate())
                .fact(LATENCY + "layer-timings", report.layerTimings())
                .fact(LATENCY + "races", report.races());
    }

    static Optional<LatencyReport> latency(Snapshot snapshot) {
        if (!snapshot.hasFact(LATENCY + "target")) {
            return Optional.empty();
        }
        return Optional.of(new LatencyReport(
                snapshot.real(LATENCY + "target"),
                snapshot.integer(LATENCY + "batch"),
                new LatencyRatio(snapshot.real(LATENCY + "dense"), snapshot.real(LATENCY + "pruned")),
                snapshot.real(LATENCY + "estimate"),
                snapshot.integer(LATENCY + "layer-timings"),
                snapshot.integer(LATENCY + "races")));
    }

    private static void save(Snapshot.Builder snapshot, String prefix, Size size) {
        snapshot.fact(prefix + "parameters", size.parameters())
                .fact(prefix + "macs", size.macs())
                .fact(prefix + "sparsity", size.sparsity());
    }

    private static Size size(Snapshot snapshot, String prefix) {
        return new Size(
                snapshot.wholeNumber(prefix + "parameters"),
                snapshot.wholeNumber(prefix + "macs"),
                snapshot.real(prefix + "sparsity"));
    }

    private static Tensor tensor(Answers answers) {
        return Tensor.of(answers.values(), answers.values().length);
    }

    private static Answers answers(Snapshot snapshot, String name) {
        return new Answers(
                Task.named(snapshot.fact(BEFORE + "task")),
                snapshot.integer(BEFORE + "outputs"),
                snapshot.tensor(BEFORE + name).toFloatArray(),
                new Scale(snapshot.real(BEFORE + "low"), snapshot.real(BEFORE + "high")));
    }
}
