package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.Kernels.ChannelSlice;
import dev.espalier.runtime.Kernels.Importance;
import dev.espalier.runtime.Kernels.Norm;
import dev.espalier.runtime.Kernels.Removal;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A CUDA device against the CPU. */
@Tag("gpu")
@ScopedTest
class CudaTest {
    private static final Device GPU = Device.cuda(0);

    @BeforeEach
    void mustHaveADevice() {
        assertThat(Versions.cudaCause()).isEmpty();
        assertThat(Backend.CUDA.cause()).isEmpty();
        Rng.seed(5);
    }

    @Test
    void movesAndComputes() {
        Tensor x = Tensor.randn(Device.CPU, 33, 7);
        Tensor there = x.to(GPU);
        assertThat(there.device()).isEqualTo(GPU);
        assertThat(there.toFloatArray()).containsExactly(x.toFloatArray());
        assertThat(there.mul(2).toFloatArray()).containsExactly(x.mul(2).toFloatArray());
        assertThat(Tensor.zeros(DType.BF16, GPU, 3).to(Device.CPU).toFloatArray())
                .containsOnly(0);
        assertThatThrownBy(() -> x.add(there)).isInstanceOf(OperatorException.class);
    }

    @Test
    void theRandomStateIncludesTheDevice() {
        byte[] state = Rng.state();
        float[] first = Tensor.randn(GPU, 100).toFloatArray();
        Rng.restore(state);
        assertThat(Tensor.randn(GPU, 100).toFloatArray()).containsExactly(first);
    }

    @Test
    void scoresSelectsAndMasksAsTheReferenceDoes() {
        Kernels reference = Kernels.of(Backend.REFERENCE);
        Kernels cuda = Kernels.on(GPU);
        Tensor w = Tensor.randn(Device.CPU, 64, 33, 3, 3);
        Tensor g = Tensor.randn(Device.CPU, 64, 33, 3, 3);
        for (Importance importance : Importance.values()) {
            List<Tensor> expected = reference.score(importance, List.of(w), List.of(g));
            List<Tensor> actual = cuda.score(importance, List.of(w.to(GPU)), List.of(g.to(GPU)));
            assertThat(actual.get(0).toFloatArray())
                    .containsExactly(expected.get(0).toFloatArray());
            long k = w.numel() / 3;
            assertThat(cuda.select(actual, k)).isEqualTo(reference.select(expected, k));
            BitMask mask = cuda.masks(actual, k).get(0);
            assertThat(mask.words().toLongArray())
                    .containsExactly(reference.masks(expected, k).get(0).words().toLongArray());
            assertThat(mask.kept()).isEqualTo(w.numel() - k);
            Tensor pruned = w.to(GPU);
            cuda.apply(List.of(pruned), List.of(mask));
            assertThat(pruned.ne(0).sum().toLongArray()).containsExactly(w.numel() - k);
        }
    }

    @Test
    void scoresChannelsWithinSinglePrecision() {
        Tensor w = Tensor.randn(Device.CPU, 64, 33, 3, 3);
        for (Norm norm : Norm.values()) {
            float[] expected = channels(Kernels.of(Backend.REFERENCE), norm, w);
            float[] actual = channels(Kernels.on(GPU), norm, w.to(GPU));
            for (int c = 0; c < expected.length; c++) {
                // A tree over 64 * 9 terms in single precision: at most one rounding per term.
                assertThat(Math.abs(actual[c] - expected[c])).isLessThanOrEqualTo(64 * 9 * Math.ulp(expected[c]) / 2);
            }
        }
    }

    private static float[] channels(Kernels kernels, Norm norm, Tensor w) {
        return kernels.scoreChannels(
                        Importance.MAGNITUDE, norm, List.of(List.of(new ChannelSlice(w, null, 1, 0, 33, 1))))
                .get(0)
                .toFloatArray();
    }

    @Test
    void gathersAndChecksIndices() {
        Tensor source = Tensor.arange(4 * 5 * 3, GPU).reshape(4, 5, 3);
        Tensor rows = Tensor.of(new long[] {3, 0}, 2).to(GPU);
        Kernels cuda = Kernels.on(GPU);
        assertThat(cuda.gather(List.of(new Removal(source, 0, rows, -1, null)))
                        .get(0)
                        .toLongArray())
                .containsExactly(source.indexSelect(0, rows).toLongArray());
        Tensor outside = Tensor.of(new long[] {4}, 1).to(GPU);
        assertThatThrownBy(() -> cuda.gather(List.of(new Removal(source, 0, outside, -1, null))))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected indices in [0, 4)");
        assertThatThrownBy(() -> cuda.select(List.of(Tensor.scalar(1)), 1))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("expected a tensor on the CUDA device");
    }

    @Test
    void convolvesHalfAndLiveChannels() {
        Kernels cuda = Kernels.on(GPU);
        HalfConv2dTest.cases()
                .forEach(given -> HalfConv2dTest.agrees(
                        cuda, GPU, (HalfConv2d.Form) given.get()[0], (HalfConv2dTest.Case) given.get()[1]));
        ChannelConvolutionTest.cases().forEach(size -> ChannelConvolutionTest.agrees(cuda, GPU, size));
    }
}
