package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.model.Model;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NoLeaks
class BestWeightsTest {
    private static final EpochReport.Scores FIRST = new EpochReport.Scores(0.5, 0.75, 0.5);

    private static void epoch(BestWeights best, TrainingState state, EpochReport.Scores validation, float mark) {
        try (Scope scope = Scope.open()) {
            Map.Entry<String, Tensor> bias = bias(state);
            state.load(Map.of(
                    bias.getKey(),
                    Tensor.full(mark, DType.F32, Device.CPU, bias.getValue().size(0))));
        }
        best.epochEnd(new EpochReport(0, 1, validation, validation, 0.1, 1));
    }

    private static Map.Entry<String, Tensor> bias(TrainingState state) {
        return state.parameters().entrySet().stream()
                .filter(entry -> entry.getValue().rank() == 1)
                .findFirst()
                .orElseThrow();
    }

    private static float kept(BestWeights best, TrainingState state) {
        best.apply();
        return bias(state).getValue().toFloatArray()[0];
    }

    private static TrainingState state() {
        try (Model model = TrainerTest.cnn()) {
            return TrainingState.of(model, Recipe.defaults().optimizer(), Device.CPU);
        }
    }

    /** The first epoch has a loss of 0.5, an accuracy of 0.75 and, with modalities hidden, of 0.5. */
    @ParameterizedTest
    @CsvSource({
        "0.9, 0.75, 0.625, true",
        "0.1, 1.0, 0.25, false",
        "0.4, 0.75, 0.5, true",
        "0.4, 0.5, 0.5, true",
        "0.5, 0.75, 0.5, false",
        "0.6, 1.0, 0.5, false",
    })
    void goesByWhatIsHiddenThenByTheLoss(double loss, double accuracy, double hidden, boolean better) {
        try (TrainingState state = state();
                BestWeights best = new BestWeights(state)) {
            epoch(best, state, FIRST, 1);
            epoch(best, state, new EpochReport.Scores(loss, accuracy, hidden), 2);
            assertThat(kept(best, state)).isEqualTo(better ? 2 : 1);
        }
    }

    @Test
    void whereNothingIsHiddenTheAccuracyCounts() {
        try (TrainingState state = state();
                BestWeights best = new BestWeights(state)) {
            epoch(best, state, new EpochReport.Scores(0.5, 0.75), 1);
            epoch(best, state, new EpochReport.Scores(0.6, 0.875), 2);
            epoch(best, state, new EpochReport.Scores(0.1, 0.5), 3);
            assertThat(kept(best, state)).isEqualTo(2);
        }
    }

    @Test
    void remembersBothThroughACheckpoint() {
        try (TrainingState state = state();
                BestWeights best = new BestWeights(state);
                BestWeights resumed = new BestWeights(state)) {
            epoch(best, state, FIRST, 1);
            Snapshot.Builder checkpoint = new Snapshot.Builder();
            best.save(checkpoint);
            resumed.restore(checkpoint.build());
            epoch(resumed, state, new EpochReport.Scores(0.6, 0.75, 0.5), 2);
            assertThat(kept(resumed, state)).isEqualTo(1);
            epoch(resumed, state, new EpochReport.Scores(0.4, 0.75, 0.5), 3);
            assertThat(kept(resumed, state)).isEqualTo(3);
        }
    }

    /** The accuracy rises, with modalities hidden it does not. */
    @Test
    void patienceGoesByWhatIsHiddenToo() {
        EarlyStop stop = new EarlyStop(2);
        for (int epoch = 0; epoch < 3; epoch++) {
            assertThat(stop.stops()).isFalse();
            EpochReport.Scores scores = new EpochReport.Scores(0.5, 0.5 + 0.125 * epoch, 0.5);
            stop.epochEnd(new EpochReport(epoch, epoch + 1L, scores, scores, 0.1, 1));
        }
        assertThat(stop.stops()).isTrue();
    }
}
