package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.Batches;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@NoLeaks
class TrainerTest {
    private static final Recipe RECIPE = Recipe.defaults()
            .with(Map.of("epochs", 3, "batch-size", 16, "lr", 0.05, "weight-decay", 1e-4, "keep-best", false));

    static Model cnn() {
        return ModelBuilder.of("toy", Shape.of(1, ToyImages.EXTENT, ToyImages.EXTENT))
                .convNorm(6, 3, 1, 1)
                .relu()
                .maxPool(2)
                .conv(8, 3)
                .relu()
                .flatten()
                .dropout(0.2)
                .dense(3)
                .build(5);
    }

    /** Without what ties the samples of a batch together or is random, so that gradients are plain means over samples. */
    private static Model plain() {
        return ModelBuilder.of("plain", Shape.of(1, ToyImages.EXTENT, ToyImages.EXTENT))
                .flatten()
                .dense(10)
                .relu()
                .dense(3)
                .build(5);
    }

    private static TrainingState state(Model model, Recipe recipe) {
        try (model) {
            return TrainingState.of(model, recipe.optimizer(), Device.CPU);
        }
    }

    static SortedMap<String, byte[]> bytes(Map<String, Tensor> tensors) {
        SortedMap<String, byte[]> bytes = new TreeMap<>();
        tensors.forEach((name, tensor) -> bytes.put(name, tensor.toBytes()));
        return bytes;
    }

    static void assertSame(SortedMap<String, byte[]> got, SortedMap<String, byte[]> expected) {
        assertThat(got.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, value) -> assertThat(got.get(name)).as(name).isEqualTo(value));
    }

    /** Tensors this small gain nothing from threads that wait for each other. */
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    @Test
    void learnsWhatIsLearnable() {
        try (TrainingState state = state(cnn(), RECIPE)) {
            Batches held = ToyImages.held(99);
            double before = Evaluator.evaluate(state, held).accuracy();
            List<EpochReport> reports = new ArrayList<>();
            Trainer.fit(state, ToyImages.training(300, 16), held, RECIPE, List.of(new Listener() {
                @Override
                public void epochEnd(EpochReport report) {
                    reports.add(report);
                }
            }));
            EvaluationResult after = Evaluator.evaluate(state, held);
            assertThat(after.accuracy()).isGreaterThan(Math.max(before, 0.9));
            assertThat(reports).hasSize(3);
            EpochReport.Scores last = reports.get(2).validation();
            assertThat(last).isEqualTo(new EpochReport.Scores(after.loss(), after.accuracy()));
            assertThat(reports.get(2).training().loss())
                    .isLessThan(reports.get(0).training().loss());
            assertThat(state.position()).isEqualTo(new Step(3, 0));
        }
    }

    @Test
    void equalRunsGiveEqualBits() {
        List<SortedMap<String, byte[]>> ends = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            try (TrainingState state = state(cnn(), RECIPE)) {
                Trainer.fit(state, ToyImages.training(100, 16), null, RECIPE, List.of());
                ends.add(bytes(state.tensors()));
            }
        }
        assertSame(ends.get(1), ends.get(0));
    }

    @Test
    void accumulatedGradientsAreThoseOfTheLargerBatch() {
        Recipe large = RECIPE.with(Map.of("epochs", 1, "momentum", 0, "nesterov", false, "schedule", "constant"));
        List<float[]> weights = new ArrayList<>();
        for (int accumulate : List.of(1, 3)) {
            Recipe recipe = large.with("accumulate", accumulate);
            try (TrainingState state = state(plain(), recipe)) {
                int[] updates = {0};
                Trainer.fit(state, ToyImages.training(96, 24 / accumulate), null, recipe, List.of(new Listener() {
                    @Override
                    public void safePoint(Step position) {
                        updates[0]++;
                    }
                }));
                assertThat(state.optimizer().updates()).isEqualTo(4);
                assertThat(updates[0]).isEqualTo(4);
                weights.add(state.parameters().values().iterator().next().toFloatArray());
            }
        }
        // Sums of 24 terms of magnitude below 1 in another order, four times, times the learning rate.
        double tolerance = 4 * 24 * Math.ulp(1f) * 0.05;
        for (int i = 0; i < weights.get(0).length; i++) {
            assertThat((double) weights.get(1)[i]).isCloseTo(weights.get(0)[i], within(tolerance));
        }
    }

    @Test
    void maskedWeightsAndTheirStateStayExactlyZero() {
        try (Scope scope = Scope.open();
                TrainingState state = state(cnn(), RECIPE)) {
            Map<String, BitMask> masks = new TreeMap<>();
            state.parameters().forEach((name, parameter) -> {
                if (parameter.rank() > 1) {
                    masks.put(name, BitMask.pack(parameter.abs().gt(0.1)));
                }
            });
            state.mask(masks);
            Trainer.fit(state, ToyImages.training(100, 16), null, RECIPE, List.of());
            masks.forEach((name, mask) -> {
                Tensor pruned = mask.unpack().logicalNot();
                assertThat(pruned.sum().item()).isGreaterThan(0);
                List<Tensor> all = new ArrayList<>(state.optimizer().state(name));
                all.add(state.parameter(name).detach());
                for (Tensor tensor : all) {
                    assertThat(tensor.abs().mul(pruned).sum().item()).isZero();
                    assertThat(tensor.abs().sum().item()).isGreaterThan(0);
                }
            });
        }
    }

    private static float[] gradient(Tensor parameter) {
        return Objects.requireNonNull(parameter.grad()).toFloatArray();
    }

    @Test
    void clippingBoundsTheJointNormAndLeavesSmallOnes() {
        try (Scope scope = Scope.open()) {
            Tensor a = Tensor.of(new float[] {3, 0}, 2).setRequiresGrad(true);
            Tensor b = Tensor.of(new float[] {0, 4}, 2).setRequiresGrad(true);
            Map<String, Tensor> parameters = Map.of("a", a, "b", b);
            a.square().sum().add(b.square().sum()).div(2).backward();
            assertThat(Trainer.clipScale(parameters, 6)).isEqualTo(1);
            assertThat(Trainer.clipScale(parameters, 1)).isEqualTo(0.2);
            assertThat(gradient(a)).containsExactly(3, 0);
        }
    }

    @Test
    void aLossThatIsNotFiniteNamesStepAndRate() {
        Recipe recipe = RECIPE.with(Map.of("lr", 1e30, "schedule", "constant"));
        try (TrainingState state = state(cnn(), recipe)) {
            assertThatThrownBy(() -> Trainer.fit(state, ToyImages.training(100, 16), null, recipe, List.of()))
                    .isInstanceOf(DivergenceException.class)
                    .hasMessageContaining("epoch 1, batch")
                    .hasMessageContaining("1.0E30")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void earlyStopEndsAfterItsPatience() {
        Recipe recipe = RECIPE.with(Map.of("epochs", 50, "lr", 1e-12));
        try (TrainingState state = state(cnn(), recipe)) {
            Trainer.fit(state, ToyImages.training(32, 16), ToyImages.held(9), recipe, List.of(new EarlyStop(2)));
            assertThat(state.position()).isEqualTo(new Step(3, 0));
        }
    }

    @Test
    void theBestEpochsWeightsComeBack() {
        try (TrainingState state = state(cnn(), RECIPE);
                BestWeights best = new BestWeights(state)) {
            List<EvaluationResult> epochs = new ArrayList<>();
            Batches held = ToyImages.held(99);
            Trainer.fit(state, ToyImages.training(200, 16), held, RECIPE, List.of(best, new Listener() {
                @Override
                public void epochEnd(EpochReport report) {
                    epochs.add(Evaluator.evaluate(state, held));
                }
            }));
            EvaluationResult expected = epochs.get(0);
            for (EvaluationResult epoch : epochs) {
                boolean fewerErrors = epoch.accuracy() > expected.accuracy();
                boolean asMany = epoch.accuracy() == expected.accuracy();
                expected = fewerErrors || (asMany && epoch.loss() < expected.loss()) ? epoch : expected;
            }
            best.apply();
            EvaluationResult got = Evaluator.evaluate(state, held);
            assertThat(got.loss()).isEqualTo(expected.loss());
            assertThat(got.given().classes()).isEqualTo(expected.given().classes());
        }
    }

    @Test
    void aStepLeavesNoTensorBehind() {
        Recipe recipe = RECIPE.with(Map.of("epochs", 20, "optimizer", "adamw", "clip-norm", 1, "l1", 1e-5));
        try (TrainingState state = state(plain(), recipe)) {
            List<Long> live = new ArrayList<>();
            Trainer.fit(state, ToyImages.training(200, 2), null, recipe, List.of(new Listener() {
                @Override
                public void stepEnd(StepReport report) {
                    live.add(Scope.liveTensors());
                }
            }));
            assertThat(live).hasSize(2000).containsOnly(live.get(0));
        }
    }

    @Test
    void meanGradientsAreThoseOfOneLargeBatch() {
        try (Scope scope = Scope.open();
                TrainingState state = state(plain(), RECIPE)) {
            Map<String, Tensor> parts = GradientEvidence.collect(state, ToyImages.training(60, 12), 5);
            Map<String, Tensor> whole = GradientEvidence.collect(state, ToyImages.training(60, 60), 1);
            assertThat(parts.keySet()).isEqualTo(state.parameters().keySet()).isEqualTo(whole.keySet());
            parts.forEach((name, gradient) -> {
                double difference = gradient.sub(whole.getOrDefault(name, gradient))
                        .abs()
                        .max()
                        .item();
                // Sums of 60 terms of magnitude below 1 in another order.
                assertThat(difference).isLessThan(60 * Math.ulp(1f));
                assertThat(gradient.abs().sum().item()).isGreaterThan(0);
                assertThat(state.parameter(name).grad()).isNull();
            });
        }
    }
}
