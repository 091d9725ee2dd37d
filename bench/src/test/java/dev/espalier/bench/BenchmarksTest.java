package dev.espalier.bench;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every benchmark proves its answers, runs, and gives back what it took. */
@NoLeaks
class BenchmarksTest {
    @Test
    void wrongAnswersAreRefused() {
        try (Scope scope = Scope.open()) {
            Tensor expected = Tensor.of(new float[] {1, 2}, 2);
            Tensor tolerance = Tensor.scalar(0.5);
            Answer.requireClose("close", Tensor.of(new float[] {1.5f, 2}, 2), expected, tolerance);
            for (float wrong : new float[] {1.75f, Float.NaN}) {
                Tensor got = Tensor.of(new float[] {wrong, 2}, 2);
                assertThatThrownBy(() -> Answer.requireClose("sum", got, expected, tolerance))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("sum: 1 of 2");
            }
            assertThatThrownBy(() -> Answer.require("count", 3L, 4L)).hasMessage("count: expected 4, got 3");
        }
    }

    @Test
    void scores() {
        ScoreBenchmark benchmark = new ScoreBenchmark();
        benchmark.model = "resnet20";
        benchmark.prepare();
        benchmark.taylor();
        benchmark.taylorTorch();
        benchmark.channels();
        benchmark.channelsTorch();
        benchmark.close();
    }

    @Test
    void masks() {
        MaskBenchmark benchmark = new MaskBenchmark();
        benchmark.model = "resnet20";
        benchmark.prepare();
        benchmark.select();
        benchmark.masks();
        benchmark.apply();
        benchmark.applyTorch();
        benchmark.close();
    }

    @Test
    void gather() {
        GatherBenchmark benchmark = new GatherBenchmark();
        benchmark.model = "resnet20";
        benchmark.prepare();
        benchmark.gather();
        benchmark.gatherTorch();
        benchmark.close();
    }

    @ParameterizedTest
    @EnumSource
    void convolution(MaskedConvolutionBenchmark.Layer layer) {
        MaskedConvolutionBenchmark benchmark = new MaskedConvolutionBenchmark();
        benchmark.layer = layer;
        benchmark.sparsity = 0.9;
        benchmark.batch = 1;
        benchmark.prepare();
        benchmark.masked();
        benchmark.dense();
        benchmark.denseChannelsLast();
        benchmark.close();
    }

    @ParameterizedTest
    @EnumSource
    void session(SessionBenchmark.Removed removed) {
        SessionBenchmark benchmark = new SessionBenchmark();
        benchmark.model = "kerasCnn";
        benchmark.removed = removed;
        benchmark.prepare();
        benchmark.run();
        benchmark.close();
    }

    @Test
    void pruning() {
        PruningBenchmark benchmark = new PruningBenchmark();
        benchmark.model = "resnet20";
        benchmark.side = 16;
        benchmark.prepare();
        benchmark.trace();
        benchmark.solve();
        benchmark.cutting();
        benchmark.all();
        benchmark.close();
    }
}
