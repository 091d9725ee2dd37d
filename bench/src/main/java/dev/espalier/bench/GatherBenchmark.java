package dev.espalier.bench;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Kernels.Removal;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
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

/** Every second output and input channel of all filters of a model: one launch, beside libtorch's index by axis. */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls setup before anything else
public class GatherBenchmark {
    @Param({"resnet20", "resnet18"})
    public String model;

    private final Kernels kernels = Kernels.on(Device.CPU);
    private FilterSet filters;
    private List<Removal> removals;

    @Setup
    public void prepare() {
        filters = FilterSet.of(model);
        try (Scope scope = Scope.open()) {
            removals = filters.weights().stream()
                    .map(w -> new Removal(w, 0, everySecond(w.size(0)), 1, everySecond(w.size(1))))
                    .toList();
            List<Tensor> gathered = kernels.gather(removals);
            List<Tensor> expected = byTorch();
            for (int i = 0; i < gathered.size(); i++) {
                Answer.requireClose("gather", gathered.get(i), expected.get(i), Tensor.scalar(0));
            }
        }
    }

    private Tensor everySecond(long extent) {
        long[] kept = LongStream.range(0, (extent + 1) / 2).map(i -> 2 * i).toArray();
        return filters.owner().adopt(Tensor.of(kept, kept.length));
    }

    @TearDown
    public void close() {
        filters.close();
    }

    private List<Tensor> byTorch() {
        List<Tensor> shorter = new ArrayList<>();
        for (Removal removal : removals) {
            Tensor rows = removal.source().indexSelect(0, Objects.requireNonNull(removal.keep0()));
            shorter.add(rows.indexSelect(1, Objects.requireNonNull(removal.keep1())));
        }
        return shorter;
    }

    @Benchmark
    public void gather() {
        try (Scope scope = Scope.open()) {
            kernels.gather(removals);
        }
    }

    @Benchmark
    public void gatherTorch() {
        try (Scope scope = Scope.open()) {
            byTorch();
        }
    }
}
