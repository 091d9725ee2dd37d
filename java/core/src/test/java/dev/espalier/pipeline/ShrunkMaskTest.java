package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Models;
import dev.espalier.prune.ChannelGroup;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Mask;
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

    @Test
    void theSmallDenseBaselineIsTheWidestThatFits() {
        Shape input = Shape.of(3, 32, 32);
        Graph dense = Models.layers("kerasCnn", input, 10, 1).graph();
        double width = Baselines.smallDenseWidth("kerasCnn", input, 10, dense.macs() / 2);
        assertThat(Models.layers("kerasCnn", input, 10, width).graph().macs()).isLessThanOrEqualTo(dense.macs() / 2);
        assertThat(Models.layers("kerasCnn", input, 10, width + 0.05).graph().macs())
                .isGreaterThan(dense.macs() / 2);
    }
}
