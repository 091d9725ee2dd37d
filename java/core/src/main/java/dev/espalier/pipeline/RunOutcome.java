package dev.espalier.pipeline;

import dev.espalier.model.Model;
import dev.espalier.prune.CompactionReport;
import dev.espalier.train.History;
import java.util.List;
import java.util.Optional;

/**
 * What a run made.
 *
 * @param model the result, to be closed by the caller; its provenance tells how it came to be
 * @param last what the last fit ended with, measured on nothing, where {@code model} has the weights of its best epoch instead; closed with this
 * @param before the dense model, measured before anything was removed
 * @param after the result
 * @param compaction what was physically removed, with the proof, where channels were pruned
 * @param latency what was measured for a latency target, where that was the budget
 * @param history every epoch of every fit
 * @param steps how slices of the validation samples fared before pruning, after each pruning and after each fit; empty without such samples
 * @param trainedMacs multiply-accumulates of all forward passes of training; the backward passes take about twice as many more
 */
public record RunOutcome(
        Model model,
        Optional<Model> last,
        Measured before,
        Measured after,
        Optional<CompactionReport> compaction,
        Optional<LatencyReport> latency,
        List<History.Entry> history,
        List<SliceStep> steps,
        double trainedMacs)
        implements AutoCloseable {
    public RunOutcome {
        history = List.copyOf(history);
        steps = List.copyOf(steps);
    }

    /** Seconds of all epochs, of an interrupted one since its resume. */
    public double seconds() {
        return history.stream().mapToDouble(entry -> entry.report().seconds()).sum();
    }

    @Override
    public void close() {
        model.close();
        last.ifPresent(Model::close);
    }
}
