package dev.espalier.bench;

import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.prune.Budget;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Compaction;
import dev.espalier.prune.Criterion;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Pruner;
import dev.espalier.prune.ScoreScope;
import dev.espalier.runtime.Shape;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Half of the MACs of a network by channel, without the proof: tracing, choosing, cutting, and all three in a row. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@SuppressWarnings("NullAway.Init") // JMH calls setup before anything else
public class PruningBenchmark {
    private static final Policy POLICY =
            Policy.of(Criterion.L2, Pattern.CHANNEL, ScoreScope.GLOBAL, Budget.of(0.5, Budget.Of.MACS));

    @Param("resnet50")
    public String model;

    /** Pixels of a side of the image. */
    @Param("224")
    public int side;

    private Model dense;
    private Pruner pruner;
    private Mask mask;

    @Setup
    public void prepare() {
        dense = Models.create(model, Shape.of(3, side, side), 1000, 1, 1);
        pruner = new Pruner(dense.graph(), POLICY);
        mask = solve();
        try (Model left = cut()) {
            long most = dense.graph().macs() / 2;
            Answer.require("MACs left at most " + most, left.graph().macs() <= most, true);
        }
    }

    @TearDown
    public void close() {
        dense.close();
    }

    @Benchmark
    public ChannelGroups trace() {
        return ChannelGroups.trace(dense.graph());
    }

    /** Scores every channel and decides which stay. */
    @Benchmark
    public Mask solve() {
        return pruner.next(Mask.all(), Evidence.ofWeights(dense.weights().asMap()));
    }

    /** Makes the smaller graph and gathers its weights; the caller closes it. */
    public Model cut() {
        return Compaction.unproved(dense, pruner.groups(), mask);
    }

    @Benchmark
    public void cutting() {
        cut().close();
    }

    /** From the dense model to the smaller one. */
    @Benchmark
    public void all() {
        Pruner fresh = new Pruner(dense.graph(), POLICY);
        Mask chosen = fresh.next(Mask.all(), Evidence.ofWeights(dense.weights().asMap()));
        Compaction.unproved(dense, fresh.groups(), chosen).close();
    }
}
