package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ScheduleRecipeTest {
    private static final int EPOCHS = 10;
    private static final int PER_EPOCH = 20;
    // A few roundings of a cosine of magnitude 1.
    private static final Offset<Double> ROUNDING = within(4 * Math.ulp(1.0));

    private static double factor(Map<String, ?> settings, int batch) {
        return Recipe.fromMap(settings)
                .schedule()
                .factor(new Step(batch / PER_EPOCH, batch % PER_EPOCH), EPOCHS, PER_EPOCH);
    }

    @Test
    void constantIsOne() {
        assertThat(factor(Map.of("schedule", "constant"), 0)).isEqualTo(1);
        assertThat(factor(Map.of("schedule", "constant"), 199)).isEqualTo(1);
    }

    @Test
    void warmupRisesLinearlyToOneOnItsLastBatch() {
        Map<String, ?> settings = Map.of("schedule", "constant", "warmup-epochs", 0.5);
        assertThat(factor(settings, 0)).isEqualTo(0.1);
        assertThat(factor(settings, 4)).isEqualTo(0.5);
        assertThat(factor(settings, 9)).isEqualTo(1);
        assertThat(factor(settings, 10)).isEqualTo(1);
    }

    @Test
    void cosineFallsFromOneToTheFinalFactorThroughTheirMean() {
        Map<String, ?> settings = Map.of("schedule", "cosine", "final-factor", 0.2);
        assertThat(factor(settings, 0)).isCloseTo(1, ROUNDING);
        assertThat(factor(settings, 199)).isCloseTo(0.2, ROUNDING);
        assertThat((factor(settings, 99) + factor(settings, 100)) / 2).isCloseTo(0.6, ROUNDING);
        for (int batch = 1; batch < 200; batch++) {
            assertThat(factor(settings, batch)).isLessThan(factor(settings, batch - 1));
        }
    }

    @Test
    void stepDropsAtEachMultiple() {
        Map<String, ?> settings = Map.of("schedule", "step", "step-epochs", 4, "step-factor", 0.5);
        assertThat(factor(settings, 4 * PER_EPOCH - 1)).isEqualTo(1);
        assertThat(factor(settings, 4 * PER_EPOCH)).isEqualTo(0.5);
        assertThat(factor(settings, 8 * PER_EPOCH)).isEqualTo(0.25);
    }

    @Test
    void oneCycleRisesFromAFractionToThePeakThenFallsToTheFinalFactor() {
        Map<String, ?> settings = Map.of("schedule", "onecycle", "peak-share", 0.25, "final-factor", 0.01);
        assertThat(factor(settings, 0)).isCloseTo(1.0 / 25, ROUNDING);
        assertThat(factor(settings, 199)).isCloseTo(0.01, ROUNDING);
        for (int batch = 1; batch < 49; batch++) {
            assertThat(factor(settings, batch)).isGreaterThan(factor(settings, batch - 1));
        }
        for (int batch = 51; batch < 200; batch++) {
            assertThat(factor(settings, batch)).isLessThan(factor(settings, batch - 1));
        }
    }

    @Test
    void oneCycleRefusesAnotherWarmup() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Recipe.fromMap(Map.of("schedule", "onecycle", "warmup-epochs", 2)))
                .withMessageContaining("warmup-epochs");
    }

    @Test
    void stepsCountBatchesAcrossEpochs() {
        Step step = Step.START;
        for (int i = 0; i < 7; i++) {
            step = step.next(3);
        }
        assertThat(step).isEqualTo(new Step(2, 1)).isGreaterThan(new Step(1, 2));
        assertThat(step.total(3)).isEqualTo(7);
    }
}
