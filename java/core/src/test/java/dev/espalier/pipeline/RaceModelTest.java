package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.model.Model;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Determinism;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.TrainingState;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is raced for latency, and how. */
@NoLeaks
class RaceModelTest {
    @Test
    void noZeroInvitesASparseKernel() {
        try (Scope scope = Scope.open();
                Model model = ToyRuns.model();
                TrainingState state = TrainingState.of(model, ToyRuns.TRAINING.optimizer(), Device.CPU)) {
            Tensor positive = state.parameter("conv2.weight").detach().gt(0);
            state.mask(Map.of("conv2.weight", BitMask.pack(positive)));
            try (Model raced = RaceModel.of(state)) {
                float[] masked = state.parameter("conv2.weight").detach().toFloatArray();
                float[] filled = raced.weights().get("conv2.weight").toFloatArray();
                assertThat(masked).contains(0);
                for (int i = 0; i < masked.length; i++) {
                    assertThat(filled[i]).isEqualTo(masked[i] == 0 ? 1e-6f : masked[i]);
                }
                assertThat(raced.weights().get("conv2.weight").eq(0).sum().item())
                        .isZero();
            }
        }
    }

    @Test
    void aRaceLeavesDeterminismAsItWas() {
        boolean before = Determinism.isEnabled();
        try (Model model = ToyRuns.model()) {
            for (boolean deterministic : new boolean[] {true, false}) {
                Determinism.enable(deterministic);
                boolean[] during = {true};
                new LatencyRace(2, 1, Device.CPU)
                        .medians(List.of(model), turns -> during[0] &= Determinism.isEnabled());
                assertThat(during[0]).isFalse();
                assertThat(Determinism.isEnabled()).isEqualTo(deterministic);
            }
        } finally {
            Determinism.enable(before);
        }
    }
}
