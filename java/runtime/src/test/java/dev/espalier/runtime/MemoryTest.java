package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.runtime.internal.NativeObjects;
import dev.espalier.runtime.testing.NoLeaks;
import org.junit.jupiter.api.Test;

/** Twenty thousand operators leave nothing behind, whether their results die with a scope or one by one. */
@NoLeaks
class MemoryTest {
    private static final int STEPS = 2_000;
    private static final int STRETCHES = 4;
    private static final int OPERATORS = 10;
    /** Below the size from which libtorch uses several threads. */
    private static final long TENSOR_BYTES = 1 << 16;

    /** What leaks does so in every stretch of steps; what the Java heap or the compiler takes in one it does not take in all. */
    @Test
    void stepsKeepTheProcessFlat() {
        run(STEPS);
        long objects = NativeObjects.count();
        long least = Long.MAX_VALUE;
        for (int stretch = 0; stretch < STRETCHES; stretch++) {
            long before = NativeObjects.residentBytes();
            run(STEPS);
            least = Math.min(least, NativeObjects.residentBytes() - before);
        }
        assertThat(NativeObjects.count()).isLessThanOrEqualTo(objects);
        // One leaked tensor per step would be 125 MiB; the allocator may keep some steps' worth of freed pages.
        assertThat(least).isLessThan(STEPS * TENSOR_BYTES / 4);
    }

    private static void run(int steps) {
        try (Scope outer = Scope.open()) {
            Tensor weight = Tensor.ones(DType.F32, Device.CPU, TENSOR_BYTES / Float.BYTES);
            weight.setRequiresGrad(true);
            for (int i = 0; i < steps; i++) {
                step(weight);
            }
        }
    }

    private static void step(Tensor weight) {
        try (Scope scope = Scope.open()) {
            Tensor x = weight.mul(0.5).add(1).square();
            x.sub(weight).abs().sum().backward();
            weight.clearGrad();
            try (Grad off = Grad.disabled()) {
                weight.mulInPlace(1).addInPlace(0);
            }
            assertThat(Scope.liveTensors()).isLessThanOrEqualTo(OPERATORS);
        }
    }
}
