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
 * @param before the dense model, measured before anything was removed
 * @param after the result
 * @param compaction what was physically removed, with the proof, where channels were pruned
 * @param latency what was measured for a latency target, where that was the budget
 * @param history every epoch of every fit
 */
public record RunOutcome(
        Model model,
        Measured before,
        Measured after,
        Optional<CompactionReport> compaction,
        Optional<LatencyReport> latency,
        List<History.Entry> history)
        implements AutoCloseable {
    public RunOutcome {
        history = List.copyOf(history);
    }

    @Override
    public void close() {
        model.close();
    }
}
