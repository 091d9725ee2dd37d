package dev.espalier.bench;

import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Kernels.Selection;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

/**
 * Finding the smallest 90 % of all scores of a model, making masks of them and applying these; applying has a counterpart in
 * libtorch's operators, a multiplication by zeros and ones.
 */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls setup before anything else
public class MaskBenchmark {
    @Param({"resnet20", "resnet18"})
    public String model;

    private final Kernels kernels = Kernels.on(Device.CPU);
    private FilterSet filters;
    private List<Tensor> scores;
    private List<BitMask> masks;
    private List<Tensor> factors;
    private long removed;

    @Setup
    public void prepare() {
        filters = FilterSet.of(model);
        removed = filters.elements() * 9 / 10;
        Scope owner = filters.owner();
        try (Scope scope = Scope.open()) {
            scores = filters.weights().stream().map(w -> owner.adopt(w.abs())).toList();
            masks = kernels.masks(scores, removed);
            masks.forEach(mask -> owner.adopt(mask.words()));
            factors = masks.stream()
                    .map(mask -> owner.adopt(mask.unpack().to(DType.F32)))
                    .toList();
            requireSmallest(kernels.select(scores, removed));
            Answer.require("weights kept", Arrays.stream(kernels.count(masks)).sum(), filters.elements() - removed);
            requireApplied();
        }
    }

    /** The selection ends where it ends in the sorted scores. */
    private void requireSmallest(Selection selection) {
        float[] sorted = new float[Math.toIntExact(filters.elements())];
        int at = 0;
        for (Tensor score : scores) {
            float[] values = score.toFloatArray();
            System.arraycopy(values, 0, sorted, at, values.length);
            at += values.length;
        }
        Arrays.sort(sorted);
        Answer.require("selected value", selection.value(), sorted[(int) removed - 1]);
        Answer.require("selected elements", selection.below() + selection.ties(), removed);
    }

    private void requireApplied() {
        List<Tensor> copies = new ArrayList<>();
        filters.weights().forEach(w -> copies.add(w.copy()));
        kernels.apply(copies, masks);
        for (int i = 0; i < copies.size(); i++) {
            Tensor expected = filters.weights().get(i).mul(factors.get(i));
            Answer.requireClose("applied", copies.get(i), expected, Tensor.scalar(0));
        }
    }

    @TearDown
    public void close() {
        filters.close();
    }

    @Benchmark
    public Selection select() {
        return kernels.select(scores, removed);
    }

    @Benchmark
    public void masks() {
        try (Scope scope = Scope.open()) {
            kernels.masks(scores, removed);
        }
    }

    /** Leaves the filters pruned, which costs the same the next time. */
    @Benchmark
    public void apply() {
        kernels.apply(filters.weights(), masks);
    }

    @Benchmark
    public void applyTorch() {
        for (int i = 0; i < factors.size(); i++) {
            filters.weights().get(i).mulInPlace(factors.get(i));
        }
    }
}
