package dev.espalier.bench;

import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.op.Evaluation;
import dev.espalier.plan.Execution;
import dev.espalier.plan.Session;
import dev.espalier.prune.Budget;
import dev.espalier.prune.Compacted;
import dev.espalier.prune.Compaction;
import dev.espalier.prune.Criterion;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Pruner;
import dev.espalier.prune.ScoreScope;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One image through a session: the dense model, the one with half its arithmetic, the one with a tenth of its weights. */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls setup before anything else
public class SessionBenchmark {
    /** What has been removed. */
    public enum Removed {
        NOTHING,
        HALF_THE_MACS_BY_CHANNEL,
        NINE_TENTHS_OF_THE_WEIGHTS
    }

    @Param({"kerasCnn", "resnet20"})
    public String model;

    @Param
    public Removed removed;

    private final Scope owner = Scope.owner("benchmark");
    private Session session;
    private Tensor image;

    @Setup
    public void prepare() {
        Rng.seed(1);
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled();
                Model dense = Models.create(model, Shape.of(3, 32, 32), 10, 1, 1);
                Model pruned = pruned(dense)) {
            image = owner.adopt(Tensor.randn(Device.CPU, 1, 3, 32, 32));
            session = Session.of(pruned, Device.CPU);
            requireRight(pruned);
        }
    }

    private Model pruned(Model dense) {
        return switch (removed) {
            case NOTHING -> dense.copy();
            case HALF_THE_MACS_BY_CHANNEL ->
                pruned(dense, Pattern.CHANNEL, ScoreScope.LOCAL, Budget.of(0.5, Budget.Of.MACS));
            case NINE_TENTHS_OF_THE_WEIGHTS ->
                pruned(dense, Pattern.ELEMENT, ScoreScope.GLOBAL, Budget.of(0.9, Budget.Of.SPARSITY));
        };
    }

    private static Model pruned(Model dense, Pattern pattern, ScoreScope among, Budget budget) {
        Pruner pruner = new Pruner(dense.graph(), Policy.of(Criterion.L2, pattern, among, budget));
        Mask mask = pruner.next(Mask.all(), Evidence.ofWeights(dense.weights().asMap()));
        try (Compacted compacted = Compaction.compact(dense, pruner.groups(), mask)) {
            return compacted.model().copy();
        }
    }

    /** Compares with the graph's operators one by one: nothing folded, packed or chosen by trial. */
    private void requireRight(Model pruned) {
        double length = 0;
        for (Tensor weight : pruned.weights().asMap().values()) {
            length += weight.rank() > 1 ? (double) weight.numel() / weight.size(0) : 0;
        }
        String input = pruned.graph().inputs().keySet().iterator().next();
        Map<String, Tensor> outputs =
                Execution.run(pruned.graph(), pruned.weights().asMap(), Map.of(input, image), Evaluation.INFERENCE);
        Tensor expected = outputs.values().iterator().next();
        // A sum of n products errs by n u of the magnitude, on both sides; the layers' errors add up.
        Tensor tolerance = expected.abs().max().mul(Answer.EPSILON * length);
        Answer.requireClose("session", session.run(image), expected, tolerance);
    }

    @TearDown
    public void close() {
        session.close();
        owner.close();
    }

    @Benchmark
    public void run() {
        try (Scope scope = Scope.open()) {
            session.run(image);
        }
    }
}
