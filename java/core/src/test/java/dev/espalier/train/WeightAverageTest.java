package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Batches;
import dev.espalier.model.Model;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@NoLeaks
class WeightAverageTest {
    private static final Recipe RECIPE = Recipe.defaults()
            .with(Map.of("epochs", 2, "batch-size", 16, "lr", 0.05, "schedule", "constant", "ema", 0.95));

    /** Tensors this small gain nothing from threads that wait for each other. */
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    private static TrainingState state() {
        try (Model model = TrainerTest.cnn()) {
            return TrainingState.of(model, RECIPE.optimizer(), Device.CPU);
        }
    }

    @Test
    void isTheWeightedMeanOfItsDefinition() {
        float[] values = {3, -1, 4, 1, -5, 9, 2, -6};
        double expected = values[0];
        try (Scope scope = Scope.open();
                WeightAverage average = new WeightAverage(0.3, Map.of("w", Tensor.of(new float[] {values[0]}, 1)))) {
            for (int t = 0; t + 1 < values.length; t++) {
                average.update(Map.of("w", Tensor.of(new float[] {values[t + 1]}, 1)));
                // 0.1, 2/11, 3/12, 4/13 = 0.308, from where on the decay is the smaller.
                double stays = Math.min(0.3, (1.0 + t) / (10 + t));
                expected = stays * expected + (1 - stays) * values[t + 1];
                // A sum of two terms of magnitude below 9, its error carried on and shrunk each time.
                assertThat((double) average.of("w").toFloatArray()[0]).isCloseTo(expected, within(4.0 * Math.ulp(9f)));
            }
        }
    }

    @Test
    void isWhatValidationJudgesAndWhatTheFitEndsWith() {
        try (TrainingState state = state()) {
            Batches held = ToyImages.held(60);
            List<EpochReport> reports = new ArrayList<>();
            List<EvaluationResult> raw = new ArrayList<>();
            Trainer.fit(state, ToyImages.training(100, 16), held, RECIPE, List.of(new Listener() {
                @Override
                public void epochEnd(EpochReport report) {
                    reports.add(report);
                    raw.add(Evaluator.evaluate(state, held));
                }
            }));
            assertThat(state.judged().keySet()).isEqualTo(state.tensors().keySet());
            state.settle();
            EvaluationResult settled = Evaluator.evaluate(state, held);
            assertThat(reports.get(1).validation())
                    .isEqualTo(new EpochReport.Scores(settled.loss(), settled.accuracy()))
                    .isNotEqualTo(
                            new EpochReport.Scores(raw.get(1).loss(), raw.get(1).accuracy()));
            assertThat(settled.accuracy()).isGreaterThan(0.7);
        }
    }

    @Test
    void followsRunningStatisticsAndLeavesTrainingAlone() {
        List<Map<String, byte[]>> ends = new ArrayList<>();
        for (double ema : List.of(0.0, 0.95)) {
            try (TrainingState state = state()) {
                Trainer.fit(state, ToyImages.training(64, 16), null, RECIPE.with("ema", ema), List.of());
                ends.add(TrainerTest.bytes(state.tensors()));
                state.judged().forEach((name, tensor) -> {
                    boolean moving = state.parameters().containsKey(name)
                            || state.graph().isStatistic(name);
                    assertThat(state.tensors().get(name) != tensor).as(name).isEqualTo(ema > 0 && moving);
                });
            }
        }
        assertThat(ends.get(1).keySet()).isEqualTo(ends.get(0).keySet());
        ends.get(0)
                .forEach((name, value) ->
                        assertThat(ends.get(1).get(name)).as(name).isEqualTo(value));
    }

    @Test
    void isZeroWhereMasksPutInForceDuringTheFitAre() {
        try (TrainingState state = state()) {
            Trainer.fit(state, ToyImages.training(64, 16), null, RECIPE, List.of(new Listener() {
                @Override
                public void safePoint(Step position) {
                    if (position.equals(new Step(1, 2))) {
                        maskSmallWeights(state);
                    }
                }
            }));
            assertThat(state.masks()).isNotEmpty();
            try (Scope scope = Scope.open()) {
                state.masks().forEach((name, mask) -> {
                    Tensor average = state.judged().getOrDefault(name, state.parameter(name));
                    assertThat(average).isNotSameAs(state.parameter(name));
                    Tensor gone = mask.unpack().logicalNot();
                    assertThat(gone.sum().item()).isGreaterThan(0);
                    assertThat(average.abs().mul(gone).sum().item()).isZero();
                    assertThat(average.abs().sum().item()).isGreaterThan(0);
                });
            }
        }
    }

    private static void maskSmallWeights(TrainingState state) {
        try (Scope scope = Scope.open()) {
            Map<String, BitMask> masks = new TreeMap<>();
            state.parameters().forEach((name, parameter) -> {
                if (parameter.rank() > 1) {
                    masks.put(name, BitMask.pack(parameter.detach().abs().gt(0.1)));
                }
            });
            state.mask(masks);
        }
    }

    @Test
    void theDecayIsBelowOne() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RECIPE.with("ema", 1.0))
                .withMessage("ema must be at least 0 and below 1, got 1");
    }
}
