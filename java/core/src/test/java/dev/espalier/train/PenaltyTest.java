package dev.espalier.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Attribute;
import dev.espalier.op.ConvTranspose;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

@NoLeaks
class PenaltyTest {
    private static TrainingState state(Recipe recipe) {
        try (Model model = ModelBuilder.of("toy", Shape.of(1, 4, 4))
                .convNorm(3, 3, 1, 1)
                .relu()
                .flatten()
                .dense(2)
                .build(5)) {
            return TrainingState.of(model, recipe.optimizer(), Device.CPU);
        }
    }

    /** The penalty as a term of the loss, differentiated by autograd. */
    private interface Term {
        Tensor of(Tensor parameter);
    }

    private static void adds(Recipe recipe, boolean toWeights, boolean toScales, Term term) {
        try (Scope scope = Scope.open();
                TrainingState state = state(recipe)) {
            state.parameters().values().forEach(p -> p.mul(0).sum().backward());
            new Penalty(recipe.regularisation().penalty(), state.graph()).addTo(state.parameters());
            state.parameters().forEach((name, parameter) -> {
                boolean scale = state.graph().nodes().stream()
                        .anyMatch(n -> n.op().type().equals("BatchNormalization")
                                && n.inputs().get(1).equals(name));
                float[] got = Objects.requireNonNull(parameter.grad()).toFloatArray();
                float[] expected = new float[got.length];
                if ((toWeights && parameter.rank() > 1) || (toScales && scale)) {
                    Tensor leaf = parameter.detach().copy().setRequiresGrad(true);
                    term.of(leaf).backward();
                    expected = Objects.requireNonNull(leaf.grad()).toFloatArray();
                    assertThat(expected).as(name).isNotEqualTo(new float[got.length]);
                }
                // A handful of roundings at magnitudes below 1.
                assertThat(got).as(name).containsExactly(expected, within(8 * Math.ulp(1f)));
            });
        }
    }

    @Test
    void l1PullsWeightsTowardsZeroByTheirSign() {
        adds(Recipe.defaults().with("l1", 0.1), true, false, w -> w.abs().sum().mul(0.1));
    }

    @Test
    void l2PullsWeightsInProportion() {
        adds(
                Recipe.defaults().with("l2", 0.1),
                true,
                false,
                w -> w.square().sum().mul(0.05));
    }

    @Test
    void scaleL1PullsNormalisationScalesAlone() {
        adds(
                Recipe.defaults().with("scale-l1", 0.1),
                false,
                true,
                w -> w.abs().sum().mul(0.1));
    }

    @Test
    void groupLassoPullsWholeOutputChannels() {
        adds(
                Recipe.defaults().with("group-lasso", 0.1),
                true,
                false,
                w -> w.flatten(1, w.rank() - 1)
                        .square()
                        .sum(false, 1)
                        .sqrt()
                        .sum()
                        .mul(0.1));
    }

    /** A matrix product keeps its outputs last, an LSTM in rows of the second axis; biases of any rank are spared. */
    @Test
    void groupLassoFollowsTheOutputsOfEveryOperator() {
        try (Scope scope = Scope.open();
                Model model = ModelBuilder.of("rows", Shape.of(5, 3))
                        .lstm(2, false)
                        .project(4)
                        .flatten()
                        .dense(2)
                        .build(5);
                TrainingState state = TrainingState.of(model, Recipe.defaults().optimizer(), Device.CPU)) {
            state.load(Map.of("lstm1.bias", Tensor.of(new float[16], 1, 16).add(1)));
            state.parameters().values().forEach(p -> p.mul(0).sum().backward());
            Recipe recipe = Recipe.defaults().with(Map.of("group-lasso", 0.1, "l1", 0));
            new Penalty(recipe.regularisation().penalty(), state.graph()).addTo(state.parameters());
            Map<String, int[]> others = Map.of(
                    "project1.weight", new int[] {0},
                    "dense1.weight", new int[] {1},
                    "lstm1.weight", new int[] {0, 2},
                    "lstm1.recurrent", new int[] {0, 2});
            state.parameters().forEach((name, parameter) -> {
                Tensor leaf = parameter.detach().copy().setRequiresGrad(true);
                int[] summed = others.get(name);
                float[] expected = new float[(int) parameter.numel()];
                if (summed != null) {
                    leaf.square().sum(false, summed).sqrt().sum().mul(0.1).backward();
                    expected = Objects.requireNonNull(leaf.grad()).toFloatArray();
                }
                assertThat(Objects.requireNonNull(parameter.grad()).toFloatArray())
                        .as(name)
                        .containsExactly(expected, within(8 * Math.ulp(1f)));
            });
        }
    }

    /** Of a transposed convolution of every channel by itself each kernel is an output. */
    @Test
    void groupLassoKeepsGroupsApart() {
        Graph graph = Graph.builder("up")
                .input("x", TensorType.f32(-1, 3, 2, 2))
                .parameter("w", TensorType.f32(3, 1, 2, 2))
                .node("y", new ConvTranspose(Window.square(2, 2, 0), Attribute.Ints.NONE, 3), "x", "w")
                .output("y")
                .build();
        try (Scope scope = Scope.open()) {
            Tensor weight = Tensor.of(new float[] {3, 4, 0, 0, 0, 0, 6, 8, 1, 0, 0, 0}, 3, 1, 2, 2)
                    .setRequiresGrad(true);
            weight.mul(0).sum().backward();
            Recipe recipe = Recipe.defaults().with("group-lasso", 1);
            new Penalty(recipe.regularisation().penalty(), graph).addTo(Map.of("w", weight));
            assertThat(Objects.requireNonNull(weight.grad()).toFloatArray())
                    .containsExactly(
                            new float[] {0.6f, 0.8f, 0, 0, 0, 0, 0.6f, 0.8f, 1, 0, 0, 0}, within(8 * Math.ulp(1f)));
        }
    }

    /** What is left of {@code parameter} after one proximal step at learning rate 0.5. */
    private static float[] shrunk(Recipe recipe, String parameter, float... values) {
        try (Scope scope = Scope.open();
                TrainingState state = state(recipe)) {
            long[] shape = state.parameter(parameter).shape().toArray();
            state.load(Map.of(parameter, Tensor.of(values, shape)));
            Penalty penalty = new Penalty(recipe.regularisation().penalty(), state.graph());
            state.parameters().values().forEach(p -> p.mul(0).sum().backward());
            penalty.addTo(state.parameters());
            Tensor gradient = Objects.requireNonNull(state.parameter(parameter).grad());
            assertThat(gradient.abs().sum().item())
                    .as("no gradient beside the step")
                    .isZero();
            penalty.shrink(state.parameters(), 0.5);
            return state.parameter(parameter).toFloatArray();
        }
    }

    @Test
    void proximalStepsReachZeroExactly() {
        Recipe slimming = Recipe.defaults().with(Map.of("scale-l1", 0.5, "proximal", true));
        assertThat(shrunk(slimming, "norm1.scale", 0.75f, -0.5f, 0.125f)).containsExactly(0.5f, -0.25f, 0);
        Recipe lasso = Recipe.defaults().with(Map.of("l1", 0.5, "proximal", true));
        float[] weights = new float[27];
        weights[0] = 1;
        weights[1] = -0.25f;
        weights[2] = -0.5f;
        float[] expected = new float[27];
        expected[0] = 0.75f;
        expected[2] = -0.25f;
        assertThat(shrunk(lasso, "conv1.weight", weights)).containsExactly(expected);
    }

    @Test
    void proximalGroupLassoScalesChannelsByTheirNorm() {
        Recipe recipe = Recipe.defaults().with(Map.of("group-lasso", 1, "proximal", true));
        float[] weights = new float[27];
        // Norms 5, 0.5 and 0: the first falls to 4.5, the others to 0.
        weights[0] = 3;
        weights[8] = -4;
        weights[9] = 0.5f;
        float[] got = shrunk(recipe, "conv1.weight", weights);
        assertThat(got[0]).isCloseTo(3 * 0.9f, within(1e-6f));
        assertThat(got[8]).isCloseTo(-4 * 0.9f, within(1e-6f));
        assertThat(got[9]).isZero();
        assertThat(got[20]).isZero();
    }

    @Test
    void groupLassoOfADeadChannelIsZeroAndFinite() {
        Recipe recipe = Recipe.defaults().with("group-lasso", 0.1);
        try (Scope scope = Scope.open();
                TrainingState state = state(recipe)) {
            state.load(Map.of(
                    "conv1.weight", Tensor.zeros(state.parameter("conv1.weight").dtype(), Device.CPU, 3, 1, 3, 3)));
            state.parameters().values().forEach(p -> p.mul(0).sum().backward());
            new Penalty(recipe.regularisation().penalty(), state.graph()).addTo(state.parameters());
            Tensor gradient =
                    Objects.requireNonNull(state.parameter("conv1.weight").grad());
            assertThat(gradient.abs().sum().item()).isZero();
        }
    }
}
