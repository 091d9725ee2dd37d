package dev.espalier.bench;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Kernels.ChannelSlice;
import dev.espalier.runtime.Kernels.Importance;
import dev.espalier.runtime.Kernels.Norm;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
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

/** Scores of all filters of a model: one launch for all, beside libtorch's operators on one tensor after another. */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls setup before anything else
public class ScoreBenchmark {
    @Param({"resnet20", "resnet18"})
    public String model;

    private final Kernels kernels = Kernels.on(Device.CPU);
    private FilterSet filters;
    private List<List<ChannelSlice>> groups;

    @Setup
    public void prepare() {
        filters = FilterSet.of(model);
        groups = filters.weights().stream()
                .map(w -> List.of(new ChannelSlice(w, null, 0, 0, w.size(0), 1)))
                .toList();
        try (Scope scope = Scope.open()) {
            List<Tensor> taylor = kernels.score(Importance.TAYLOR, filters.weights(), filters.gradients());
            List<Tensor> channels = kernels.scoreChannels(Importance.MAGNITUDE, Norm.L2, groups);
            List<Tensor> taylorByTorch = taylorByTorch();
            List<Tensor> channelsByTorch = channelsByTorch();
            for (int i = 0; i < taylor.size(); i++) {
                Tensor one = taylorByTorch.get(i);
                Answer.requireClose("taylor", taylor.get(i), one, one.mul(Answer.EPSILON));
                Tensor norm = channelsByTorch.get(i);
                Tensor weight = filters.weights().get(i);
                long length = weight.numel() / weight.size(0);
                // A sum of n squares errs by n u of itself, its root by half of that; two such sums.
                Answer.requireClose("channels", channels.get(i), norm, norm.mul(Answer.EPSILON * length));
            }
        }
    }

    @TearDown
    public void close() {
        filters.close();
    }

    private List<Tensor> taylorByTorch() {
        List<Tensor> scores = new ArrayList<>();
        for (int i = 0; i < filters.weights().size(); i++) {
            scores.add(filters.weights().get(i).mul(filters.gradients().get(i)).abs());
        }
        return scores;
    }

    private List<Tensor> channelsByTorch() {
        List<Tensor> scores = new ArrayList<>();
        for (Tensor weight : filters.weights()) {
            scores.add(weight.square().sum(false, 1, 2, 3).sqrt());
        }
        return scores;
    }

    @Benchmark
    public void taylor() {
        try (Scope scope = Scope.open()) {
            kernels.score(Importance.TAYLOR, filters.weights(), filters.gradients());
        }
    }

    @Benchmark
    public void taylorTorch() {
        try (Scope scope = Scope.open()) {
            taylorByTorch();
        }
    }

    @Benchmark
    public void channels() {
        try (Scope scope = Scope.open()) {
            kernels.scoreChannels(Importance.MAGNITUDE, Norm.L2, groups);
        }
    }

    @Benchmark
    public void channelsTorch() {
        try (Scope scope = Scope.open()) {
            channelsByTorch();
        }
    }
}
