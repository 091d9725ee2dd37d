package dev.espalier.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import org.junit.jupiter.api.Test;

@NoLeaks
class KernelsSmokeTest {
    @Test
    void scoresByMagnitude() {
        try (Scope scope = Scope.open()) {
            Tensor weight = Tensor.of(new float[] {1, -2, 3, -4}, 2, 2);
            Tensor score = Kernels.on(Device.CPU)
                    .score(Kernels.Importance.MAGNITUDE, List.of(weight), List.of())
                    .get(0);
            assertThat(score.toFloatArray()).containsExactly(1, 2, 3, 4);
        }
    }
}
