package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Batch;
import dev.espalier.data.DataException;
import dev.espalier.data.Task;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
class MixupTest {
    private static Batch batch() {
        // Row i is 10^i, so that a sum tells its terms.
        Tensor inputs = Tensor.of(new float[] {1, 10, 100, 1000}, 4, 1);
        return new Batch(Map.of("x", inputs), Tensor.of(new long[] {0, 1, 2, 3}, 4), new int[] {4, 5, 6, 7});
    }

    @Test
    void blendsEachSampleWithThePartnerWhoseLabelIsTold() {
        try (Scope scope = Scope.open()) {
            Mixture mixture = new Mixup(1, 3).of(batch(), new Step(2, 5));
            assertThat(mixture.share()).isBetween(0.5, 1.0);
            float[] blended = mixture.batch().input("x").toFloatArray();
            long[] own = mixture.batch().labels().toLongArray();
            long[] others = mixture.others().toLongArray();
            assertThat(own).containsExactly(0, 1, 2, 3);
            assertThat(others).containsExactlyInAnyOrder(0, 1, 2, 3);
            for (int i = 0; i < 4; i++) {
                double mine = Math.pow(10, (int) own[i]);
                double theirs = Math.pow(10, (int) others[i]);
                double expected = mixture.share() * mine + (1 - mixture.share()) * theirs;
                assertThat((double) blended[i]).isCloseTo(expected, within(2.0 * Math.ulp((float) expected)));
            }
        }
    }

    @Test
    void hiddenSamplesHaveNothingToBlend() {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> inputs = Map.of(
                    "x", Tensor.of(new float[] {1, 10, 100, 1000}, 4, 1, 1),
                    "x_present", Tensor.of(new float[] {1, 0, 1, 0}, 4, 1));
            Tensor labels = Tensor.of(new long[] {0, 1, 2, 3}, 4);
            Batch batch = new Batch(inputs, Map.of("x", "x_present"), Task.CLASSES, labels, new int[4]);
            Mixture mixture = new Mixup(1, 3).of(batch, new Step(2, 5));
            Batch mixed = mixture.batch();
            float[] blended = Objects.requireNonNull(
                            mixed.inputsFor(List.of("x", "x_present")).get("x"))
                    .toFloatArray();
            float[] present = mixed.input("x_present").toFloatArray();
            long[] partner = mixture.others().toLongArray();
            for (int i = 0; i < 4; i++) {
                double mine = i % 2 == 0 ? mixture.share() : 0;
                double theirs = partner[i] % 2 == 0 ? 1 - mixture.share() : 0;
                double expected = mine * Math.pow(10, i) + theirs * Math.pow(10, (int) partner[i]);
                assertThat((double) blended[i]).isCloseTo(expected, within(2.0 * Math.ulp((float) expected)));
                assertThat((double) present[i]).isCloseTo(mine + theirs, within(2.0 * Math.ulp(1f)));
            }
        }
    }

    @Test
    void dependsOnSeedAndPositionAlone() {
        try (Scope scope = Scope.open()) {
            Mixture first = new Mixup(1, 3).of(batch(), new Step(2, 5));
            assertThat(new Mixup(1, 3)
                            .of(batch(), new Step(2, 5))
                            .batch()
                            .input("x")
                            .toFloatArray())
                    .isEqualTo(first.batch().input("x").toFloatArray());
            assertThat(new Mixup(1, 3).of(batch(), new Step(2, 6)).share()).isNotEqualTo(first.share());
            assertThat(new Mixup(1, 3).of(batch(), new Step(3, 5)).share()).isNotEqualTo(first.share());
            assertThat(new Mixup(1, 4).of(batch(), new Step(2, 5)).share()).isNotEqualTo(first.share());
            assertThat(new Mixup(0, 3).of(batch(), new Step(2, 5)).share()).isEqualTo(1);
        }
    }

    /** Of max(b, 1 - b) for b of Beta(a, a), E (2 max - 1)^2 = E (2 b - 1)^2 = 1 / (2 a + 1). */
    @ParameterizedTest
    @ValueSource(doubles = {0.001, 0.2, 1, 3.5})
    void sharesHaveTheSpreadOfTheBetaDistribution(double alpha) {
        int draws = 400;
        double sum = 0;
        try (Scope scope = Scope.open()) {
            Batch one = new Batch(
                    Map.of("x", Tensor.of(new float[] {1}, 1, 1)), Tensor.of(new long[] {0}, 1), new int[] {0});
            for (int i = 0; i < draws; i++) {
                double share = new Mixup(alpha, 1).of(one, new Step(0, i)).share();
                sum += (2 * share - 1) * (2 * share - 1);
            }
        }
        // Numbers in [0, 1] with a deviation of at most one half: four deviations of their mean.
        assertThat(sum / draws).isCloseTo(1 / (2 * alpha + 1), within(4 * 0.5 / Math.sqrt(draws)));
    }

    @Test
    void refusesWhatCannotBeBlended() {
        try (Scope scope = Scope.open()) {
            Batch words = new Batch(
                    Map.of("text", batch().input("x").to(DType.I64)),
                    Tensor.of(new long[] {0, 1, 2, 3}, 4),
                    new int[4]);
            assertThatThrownBy(() -> new Mixup(1, 3).of(words, Step.START))
                    .isInstanceOf(DataException.class)
                    .hasMessage("mixup blends numbers of F32, and input 'text' holds I64; set mixup to 0");
        }
    }
}
