package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.graph.Graph;
import dev.espalier.model.Architecture;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Models;
import dev.espalier.prune.ChannelGroup;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Policy;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

@NoLeaks
class ShrunkMaskTest {
    private static Model model() {
        return ModelBuilder.of("toy", Shape.of(1, 6, 6))
                .conv(4, 3)
                .relu()
                .flatten()
                .dense(2)
                .build(3);
    }

    private static Mask below(Model model, String pattern, double share) {
        return new ShrunkMask(
                        ChannelGroups.trace(model.graph()),
                        PruningRecipe.fromMap(Map.of("pattern", pattern), Set.of())
                                .policy(),
                        model.weights().asMap())
                .below(share);
    }

    @Test
    void weightsBelowTheShareOfTheirRootMeanSquareGo() {
        try (Scope scope = Scope.open();
                Model model = model()) {
            Mask mask = below(model, "element", 0.5);
            assertThat(mask.elements()).hasSize(2);
            mask.elements().forEach((name, bits) -> {
                float[] weight = model.weights().get(name).toFloatArray();
                double squares = 0;
                for (float w : weight) {
                    squares += (double) w * w;
                }
                double limit = 0.5 * Math.sqrt(squares / weight.length);
                long kept = 0;
                for (float w : weight) {
                    kept += Math.abs(w) >= limit ? 1 : 0;
                }
                assertThat(bits.kept()).isEqualTo(kept).isBetween(1L, weight.length - 1L);
            });
        }
    }

    @Test
    void shrunkChannelsGoAndTheStrongestStays() {
        try (Scope scope = Scope.open();
                Model model = model()) {
            ChannelGroup group = ChannelGroups.trace(model.graph()).prunable().get(0);
            Map<String, Tensor> weights = new LinkedHashMap<>(model.weights().asMap());
            group.members().forEach(member -> {
                Tensor weight = model.weights().get(member.parameter());
                long[] shape = new long[weight.rank()];
                Arrays.fill(shape, 1);
                shape[member.axis()] = weight.size(member.axis());
                float[] factors = new float[(int) weight.size(member.axis())];
                for (int channel = 0; channel < group.channels(); channel++) {
                    for (int index : member.indices().of(channel)) {
                        factors[index] = channel == 1 || channel == 2 ? 1e-3f : 1;
                    }
                }
                weights.put(member.parameter(), weight.mul(Tensor.of(factors, shape)));
            });
            Mask mask = new ShrunkMask(
                            ChannelGroups.trace(model.graph()),
                            PruningRecipe.fromMap(Map.of(), Set.of()).policy(),
                            weights)
                    .below(0.1);
            assertThat(mask.kept(group).indices()).containsExactly(0, 3);
            assertThat(below(model, "channel", 0.999).kept(group).count()).isEqualTo(1);
        }
    }

    private static Map<String, Tensor> scaled(Model model, String parameter, float... factors) {
        Map<String, Tensor> weights = new LinkedHashMap<>(model.weights().asMap());
        Tensor weight = model.weights().get(parameter);
        long[] shape = new long[weight.rank()];
        Arrays.fill(shape, 1);
        shape[0] = factors.length;
        weights.put(parameter, weight.mul(Tensor.of(factors, shape)));
        return weights;
    }

    private static int[] left(Model model, Map<String, Tensor> weights) {
        ChannelGroups groups = ChannelGroups.trace(model.graph());
        Policy policy = PruningRecipe.fromMap(Map.of(), Set.of()).policy();
        return new ShrunkMask(groups, policy, weights)
                .below(0.01)
                .kept(groups.prunable().get(0))
                .indices();
    }

    /** A penalty on scales leaves filters as large as they were. */
    @Test
    void oneSilentFactorIsEnough() {
        try (Scope scope = Scope.open();
                Model model = ModelBuilder.of("toy", Shape.of(1, 6, 6))
                        .convNorm(4, 3, 1, 0)
                        .relu()
                        .flatten()
                        .dense(2)
                        .build(3)) {
            assertThat(left(model, model.weights().asMap())).containsExactly(0, 1, 2, 3);
            assertThat(left(model, scaled(model, "norm1.scale", 1, 1e-3f, 1, -1)))
                    .containsExactly(0, 2, 3);
            assertThat(left(model, scaled(model, "conv1.weight", 0, 1, 1, 1))).containsExactly(1, 2, 3);
            // The normalisation would bring it back to full strength.
            assertThat(left(model, scaled(model, "conv1.weight", 1e-3f, 1, 1, 1)))
                    .containsExactly(0, 1, 2, 3);
            assertThat(left(model, scaled(model, "norm1.bias", 0, 0, 0, 0))).containsExactly(0, 1, 2, 3);
            assertThat(left(model, scaled(model, "norm1.scale", 0, 0, 0, 0))).isNotEmpty();
        }
    }

    /** An embedding writes the channels that a projection writes, too. */
    @Test
    void aChannelThatATableWritesStays() {
        try (Scope scope = Scope.open();
                Model model = ModelBuilder.tokens("words", 5)
                        .embedding(7, 3)
                        .residual(same -> {}, branch -> branch.project(3))
                        .flatten()
                        .dense(2)
                        .build(3)) {
            Map<String, Tensor> weights = new LinkedHashMap<>(model.weights().asMap());
            weights.put(
                    "project1.weight",
                    model.weights().get("project1.weight").mul(Tensor.of(new float[] {1, 0, 1}, 1, 3)));
            assertThat(left(model, weights)).containsExactly(0, 1, 2);
        }
    }

    /** A channel of a residual stream is silent only if no branch writes it. */
    @Test
    void aChannelThatOneBranchStillWritesStays() {
        try (Scope scope = Scope.open();
                Model model = ModelBuilder.of("sum", Shape.of(1, 6, 6))
                        .residual(branch -> branch.conv(3, 3, 1, 1), other -> other.conv(3, 1, 1, 0))
                        .relu()
                        .flatten()
                        .dense(2)
                        .build(3)) {
            Map<String, Tensor> weights = new LinkedHashMap<>(scaled(model, "conv1.weight", 1, 1e-4f, 1e-4f));
            assertThat(left(model, weights)).containsExactly(0, 1, 2);
            weights.put(
                    "conv2.weight", scaled(model, "conv2.weight", 1, 1, 1e-4f).get("conv2.weight"));
            assertThat(left(model, weights)).containsExactly(0, 1);
        }
    }

    @Test
    void theSmallDenseBaselineIsTheWidestThatFits() {
        Shape input = Shape.of(3, 32, 32);
        Graph dense = Models.layers("kerasCnn", input, 10, 1).graph();
        double width = Baselines.smallDenseWidth(Architecture.named("kerasCnn", input, 10), 1, dense.macs() / 2);
        assertThat(Models.layers("kerasCnn", input, 10, width).graph().macs()).isLessThanOrEqualTo(dense.macs() / 2);
        assertThat(Models.layers("kerasCnn", input, 10, width + 0.05).graph().macs())
                .isGreaterThan(dense.macs() / 2);
    }
}
