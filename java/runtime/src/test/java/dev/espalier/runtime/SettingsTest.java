package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

@ScopedTest
class SettingsTest {
    @Test
    void oneSeedGivesTheSameNumbers() {
        Rng.seed(42);
        float[] first = Tensor.randn(Device.CPU, 100).toFloatArray();
        Rng.seed(42);
        assertThat(Tensor.randn(Device.CPU, 100).toFloatArray()).containsExactly(first);
        assertThat(Tensor.randn(Device.CPU, 100).toFloatArray()).isNotEqualTo(first);
    }

    @Test
    void theStateContinuesWhereItStood() {
        Rng.seed(7);
        Tensor.randn(Device.CPU, 3);
        byte[] state = Rng.state();
        float[] normal = Tensor.randn(Device.CPU, 17).toFloatArray();
        long[] order = Tensor.randperm(31).toLongArray();
        float[] dropped =
                Nn.dropout(Tensor.ones(DType.F32, Device.CPU, 64), 0.5, true).toFloatArray();
        Rng.restore(state);
        assertThat(Tensor.randn(Device.CPU, 17).toFloatArray()).containsExactly(normal);
        assertThat(Tensor.randperm(31).toLongArray()).containsExactly(order);
        assertThat(Nn.dropout(Tensor.ones(DType.F32, Device.CPU, 64), 0.5, true).toFloatArray())
                .containsExactly(dropped);
    }

    @Test
    void refusesADamagedState() {
        byte[] state = Rng.state();
        for (byte[] damaged : List.of(new byte[0], new byte[8], Arrays.copyOf(state, state.length / 2))) {
            assertThatThrownBy(() -> Rng.restore(damaged))
                    .isInstanceOf(EspalierException.class)
                    .hasMessageStartingWith("rng restore: ");
        }
        assertThat(Rng.state()).containsExactly(state);
    }

    @Test
    void autocastComputesProductsInHalfPrecision() {
        Tensor x = Tensor.rand(Device.CPU, 4, 4).setRequiresGrad(true);
        try (Autocast cast = Autocast.bf16(Device.CPU)) {
            try (Autocast inner = Autocast.bf16(Device.CPU)) {
                assertThat(x.matmul(x).dtype()).isEqualTo(DType.BF16);
            }
            Tensor y = x.matmul(x);
            assertThat(y.dtype()).isEqualTo(DType.BF16);
            y.to(DType.F32).sum().backward();
        }
        assertThat(x.matmul(x).dtype()).isEqualTo(DType.F32);
        assertThat(Objects.requireNonNull(x.grad()).dtype()).isEqualTo(DType.F32);
    }

    @Test
    void autocastIsTheThreadsOwn() {
        Tensor x = Tensor.rand(Device.CPU, 4, 4);
        try (Autocast cast = Autocast.bf16(Device.CPU)) {
            DType elsewhere = CompletableFuture.supplyAsync(() -> {
                        try (Scope scope = Scope.open()) {
                            return x.matmul(x).dtype();
                        }
                    })
                    .join();
            assertThat(elsewhere).isEqualTo(DType.F32);
        }
    }

    @Test
    void threadsAreCountedProcessWide() {
        int before = Threads.count();
        try {
            Threads.configure(1);
            assertThat(Threads.count()).isEqualTo(1);
            assertThat(CompletableFuture.supplyAsync(Threads::count).join()).isEqualTo(1);
            assertThatThrownBy(() -> Threads.configure(0)).isInstanceOf(IllegalArgumentException.class);
        } finally {
            Threads.configure(before);
        }
    }

    @Test
    void determinismCanBeSwitched() {
        Determinism.enable(true);
        try {
            assertThat(Determinism.isEnabled()).isTrue();
            Tensor x = Tensor.rand(Device.CPU, 1, 2, 5, 5);
            Tensor w = Tensor.rand(Device.CPU, 3, 2, 3, 3);
            long[] one = {1, 1};
            ConvolutionWindow window = ConvolutionWindow.of(one, new long[4], one, 1);
            byte[] first = Nn.conv2d(x, w, null, window).toBytes();
            assertThat(Nn.conv2d(x, w, null, window).toBytes()).containsExactly(first);
        } finally {
            Determinism.enable(false);
        }
        assertThat(Determinism.isEnabled()).isFalse();
    }

    @Test
    void deterministicModeEndsChoicesByTiming() {
        Determinism.allowTiming();
        assertThat(Determinism.allowsTiming()).isTrue();
        Determinism.enable(true);
        try {
            Determinism.allowTiming();
            assertThat(Determinism.allowsTiming()).isFalse();
        } finally {
            Determinism.enable(false);
        }
    }

    @Test
    void knowsItsVersions() {
        Versions versions = Versions.current();
        assertThat(versions.libtorch()).startsWith("2.13.0");
        assertThat(versions.kernels()).isEqualTo("0.1.0");
        assertThat(versions.javacpp()).isNotEqualTo("unknown");
        assertThat(versions.blas()).isNotEqualTo("unknown");
        assertThat(versions.build()).contains("PyTorch built with");
    }
}
