package dev.espalier.plan;

import dev.espalier.graph.Node;
import dev.espalier.op.Evaluation;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.List;

/** Best times of one node by its operator and by another kernel, measured in turns so that both see the same machine. */
record Trial(double denseMillis, double maskedMillis) {
    private static final int WARM_UP = 2;
    private static final int LEAST_ROUNDS = 3;
    private static final int MOST_ROUNDS = 15;
    /** Once the rounds of one node have taken this long, no further one begins. */
    private static final long LIMIT_NANOS = 60_000_000;
    /** A gain below this share is within the noise of a trial. */
    private static final double LEAST_GAIN = 0.05;

    static Trial run(Node node, List<Tensor> in, NodeKernel masked) {
        double dense = Double.POSITIVE_INFINITY;
        double other = Double.POSITIVE_INFINITY;
        long start = System.nanoTime();
        for (int round = -WARM_UP; round < MOST_ROUNDS; round++) {
            if (round >= LEAST_ROUNDS && System.nanoTime() - start > LIMIT_NANOS) {
                break;
            }
            double first = millis(node.op()::evaluate, in);
            double second = millis(masked, in);
            if (round >= 0) {
                dense = Math.min(dense, first);
                other = Math.min(other, second);
            }
        }
        return new Trial(dense, other);
    }

    private static double millis(NodeKernel kernel, List<Tensor> in) {
        try (Scope scope = Scope.open()) {
            long start = System.nanoTime();
            kernel.evaluate(Evaluation.INFERENCE, List.copyOf(in));
            return (System.nanoTime() - start) / 1e6;
        }
    }

    boolean maskedWins() {
        return maskedMillis < (1 - LEAST_GAIN) * denseMillis;
    }
}
