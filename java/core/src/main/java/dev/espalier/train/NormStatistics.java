package dev.espalier.train;

import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.op.BatchNormalization;
import dev.espalier.op.Evaluation;
import dev.espalier.plan.Execution;
import dev.espalier.plan.NodeKernel;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;

/** The running statistics of batch normalisation, taken anew for weights that pruning has changed. */
public final class NormStatistics {
    /** Batches that are in the statistics already. */
    private int seen;

    private NormStatistics() {}

    /**
     * Puts the mean of the statistics of the first {@code count} batches of epoch zero in the place of the running ones; nothing else
     * changes, and no random number is drawn. A last batch of one sample, which may have no variance, takes no part.
     */
    public static void reestimate(TrainingState state, Batches batches, int count) {
        int used = Math.min(count, batches.perEpoch() - (batches.endWithOne() ? 1 : 0));
        if (used < 1) {
            throw new IllegalArgumentException("statistics need at least one batch, got " + used);
        }
        NormStatistics statistics = new NormStatistics();
        Classifier classifier = new Classifier(
                state.graph(),
                Execution.of(
                        state.graph(),
                        node -> node.op() instanceof BatchNormalization norm
                                ? statistics.averaging(norm)
                                : node.op()::evaluate));
        try (Grad off = Grad.disabled();
                Cursor cursor = batches.epoch(0, 0)) {
            for (; statistics.seen < used; statistics.seen++) {
                try (Scope scope = Scope.open()) {
                    classifier.see(state.tensors(), cursor.next(), Evaluation.INFERENCE);
                }
            }
        }
    }

    /** Normalises by the batch, whose statistics enter the running ones as one of those seen so far. */
    private NodeKernel averaging(BatchNormalization norm) {
        return (evaluation, in) -> {
            float kept = (float) ((double) seen / (seen + 1));
            return new BatchNormalization(norm.epsilon(), kept).evaluate(Evaluation.TRAINING, in);
        };
    }
}
