package dev.espalier.plan;

import dev.espalier.graph.Node;
import dev.espalier.op.Evaluation;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.List;

/** Best times of one node by its operator and by another kernel, measured in turns so that both see the same machine. */
record Trial(double denseMillis, double maskedMillis) {
    private static final int WARM_UP = 3;
    private static final int ROUNDS = 15;
    /** A gain below this share is within the noise of a trial. */
    private static final double LEAST_GAIN = 0.05;

    static Trial run(Node node, List<Tensor> in, NodeKernel masked) {
        double dense = Double.POSITIVE_INFINITY;
        double other = Double.POSITIVE_INFINITY;
        for (int round = -WARM_UP; round < ROUNDS; round++) {
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
