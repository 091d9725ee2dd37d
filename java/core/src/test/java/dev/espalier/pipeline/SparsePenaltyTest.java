package dev.espalier.pipeline;

import static dev.espalier.pipeline.ToyRuns.TRAINING;
import static dev.espalier.pipeline.ToyRuns.model;
import static dev.espalier.pipeline.ToyRuns.setting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Window;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.Threads;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.BestWeights;
import dev.espalier.train.EarlyStop;
import dev.espalier.train.PenaltyRecipe;
import dev.espalier.train.Step;
import dev.espalier.train.TrainingState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Penalties that pull weights or whole channels to zero. */
@NoLeaks
class SparsePenaltyTest {
    @BeforeAll
    static void oneThread() {
        Threads.configure(1);
    }

    @Test
    void aGrowingPenaltyPullsTheSmallestHalfAlone() {
        PruningRecipe recipe = PruningRecipe.fromMap(
                Map.of(
                        "pattern",
                        "element",
                        "criterion",
                        "l1",
                        "target",
                        0.5,
                        "prune-schedule",
                        "growing",
                        "begin",
                        0,
                        "end",
                        1,
                        "every",
                        0.1,
                        "penalty-ceiling",
                        2),
                Set.of());
        try (Scope scope = Scope.open();
                Model dense = model();
                RunState run = new RunState(
                        TrainingState.of(dense, TRAINING.optimizer(), Device.CPU),
                        Optional.of(recipe),
                        Optional.of(dense.graph()),
                        share -> {});
                BestWeights best = new BestWeights(run.training())) {
            TrainingState state = run.training();
            FitSetting fit = new FitSetting(10, 1, setting().evidence(), best, new EarlyStop(0));
            GrowingPenalty penalty = new GrowingPenalty(run, recipe, (Course.Growing) recipe.course(), fit);
            penalty.begin();
            assertThat(state.masks()).as("nothing is removed yet").isEmpty();
            state.begin(TRAINING.optimizer(), new Step(0, 5));
            state.parameters().values().forEach(p -> p.mul(0).sum().backward());
            penalty.gradientsReady(state);
            float[] magnitudes = magnitudes(state);
            Arrays.sort(magnitudes);
            float middle = magnitudes[magnitudes.length / 2];
            state.parameters().forEach((name, parameter) -> {
                float[] weights = parameter.toFloatArray();
                float[] got = Objects.requireNonNull(parameter.grad()).toFloatArray();
                for (int i = 0; i < got.length; i++) {
                    // Half of the way to a factor of 2.
                    boolean chosen = parameter.rank() > 1 && Math.abs(weights[i]) < middle;
                    assertThat(got[i]).as(name).isEqualTo(chosen ? weights[i] : 0);
                }
            });
        }
    }

    private static float[] magnitudes(TrainingState state) {
        List<Float> all = new ArrayList<>();
        state.parameters().values().stream().filter(p -> p.rank() > 1).forEach(p -> {
            for (float w : p.toFloatArray()) {
                all.add(Math.abs(w));
            }
        });
        float[] magnitudes = new float[all.size()];
        for (int i = 0; i < magnitudes.length; i++) {
            magnitudes[i] = all.get(i);
        }
        return magnitudes;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void channelLassoReachesAllPlacesOfAChannel(boolean proximal) {
        try (Scope scope = Scope.open();
                Model dense = ModelBuilder.of("two", Shape.of(1, 6, 6))
                        .conv(3, Window.square(3, 1, 1), 1, true)
                        .relu()
                        .conv(2, Window.square(1, 1, 0), 1, true)
                        .flatten()
                        .dense(2)
                        .build(4);
                TrainingState state = TrainingState.of(dense, TRAINING.optimizer(), Device.CPU)) {
            // Channel c of the first layer: row c of its weight, its bias, and column c of the second layer's weight.
            float[] first = state.parameter("conv1.weight").toFloatArray();
            float[] second = state.parameter("conv2.weight").toFloatArray();
            state.load(Map.of("conv1.bias", Tensor.of(new float[] {0.5f, -1, 0}, 3)));
            double[] norms = new double[3];
            for (int c = 0; c < 3; c++) {
                double sum = Math.pow(new double[] {0.5, -1, 0}[c], 2);
                for (int i = 0; i < 9; i++) {
                    sum += Math.pow(first[9 * c + i], 2);
                }
                norms[c] = Math.sqrt(sum + Math.pow(second[c], 2) + Math.pow(second[3 + c], 2));
            }
            ChannelLasso lasso = new ChannelLasso(
                    ChannelGroups.trace(dense.graph(), Set.of("conv2")), new PenaltyRecipe(0, 0, 0, 0, 0.25, proximal));
            state.parameters().values().forEach(p -> p.mul(0).sum().backward());
            lasso.gradientsReady(state);
            lasso.updated(state, 0.5);
            float[] got = proximal
                    ? state.parameter("conv1.weight").toFloatArray()
                    : Objects.requireNonNull(state.parameter("conv1.weight").grad())
                            .toFloatArray();
            float[] down = proximal
                    ? state.parameter("conv2.weight").toFloatArray()
                    : Objects.requireNonNull(state.parameter("conv2.weight").grad())
                            .toFloatArray();
            for (int i = 0; i < 27; i++) {
                double factor = proximal ? 1 - 0.5 * 0.25 / norms[i / 9] : 0.25 / norms[i / 9];
                assertThat((double) got[i]).isCloseTo(first[i] * factor, within(1e-6));
            }
            for (int i = 0; i < 6; i++) {
                double factor = proximal ? 1 - 0.5 * 0.25 / norms[i % 3] : 0.25 / norms[i % 3];
                assertThat((double) down[i]).isCloseTo(second[i] * factor, within(1e-6));
            }
        }
    }
}
