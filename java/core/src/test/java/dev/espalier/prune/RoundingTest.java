package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Add;
import dev.espalier.op.Gemm;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where targets, floors and what is gone already meet exactly. */
@NoLeaks
class RoundingTest {
    /** 1 - 0.8 is less than 0.2 in binary. */
    @Test
    void aCostThatIsJustMetIsMet() {
        Graph graph = ModelBuilder.of("one", Shape.of(1, 4, 4))
                .conv(10, 3)
                .flatten()
                .dense(2)
                .graph();
        Budget budget = Budget.of(0.8, Budget.Of.MACS);
        Pruner pruner = new Pruner(graph, Policy.of(Criterion.L1, Pattern.CHANNEL, ScoreScope.LOCAL, budget));
        try (Model model = RandomModel.of(graph, 1)) {
            Mask mask = pruner.next(
                    Mask.all(),
                    Evidence.ofWeights(model.weights().asMap()),
                    0.8,
                    left -> 100.0
                            * left.parameters()
                                    .getOrDefault("conv1.weight", TensorType.f32(0))
                                    .dim(0));
            assertThat(mask.kept(pruner.groups().prunable().get(0)).count()).isEqualTo(2);
        }
    }

    /** Whole blocks leave a rest in every layer, which the target must not take from the first of them; at 40 rows some are smaller. */
    @ParameterizedTest
    @ValueSource(ints = {64, 40})
    void wholeBlocksLeaveEveryLayerItsFloor(int rows) {
        int layers = 4;
        Graph.Builder builder = Graph.builder("branches").input("x", TensorType.f32(-1, 10));
        String sum = "";
        for (int i = 0; i < layers; i++) {
            builder.parameter("w" + i, TensorType.f32(rows, 10))
                    .parameter("b" + i, TensorType.f32(rows))
                    .node("dense" + i, Gemm.DENSE, "x", "w" + i, "b" + i);
            if (!sum.isEmpty()) {
                builder.node("sum" + i, new Add(), sum, "dense" + i);
            }
            sum = sum.isEmpty() ? "dense0" : "sum" + i;
        }
        Graph graph = builder.output(sum).build();
        Policy all = Policy.of(Criterion.L1, Pattern.ELEMENT, ScoreScope.GLOBAL, Budget.of(0.51, Budget.Of.SPARSITY));
        Policy blocks = new Policy(
                all.ranking(),
                Pattern.ELEMENT,
                new Grain.Block(16, 1),
                all.budget(),
                new Spared(Set.of(), false, 0.49, Map.of()),
                0);
        try (Model model = RandomModel.of(graph, 3);
                Scope scope = Scope.open()) {
            Mask mask = new Pruner(graph, blocks)
                    .next(Mask.all(), Evidence.ofWeights(model.weights().asMap()));
            assertThat(mask.elements()).hasSize(layers);
            mask.elements()
                    .forEach((name, bits) -> assertThat(bits.kept()).as(name).isGreaterThanOrEqualTo((long)
                            Math.ceil(0.49 * rows * 10)));
        }
    }

    /** What a mask has made zero is no neighbour: the median is that of the filters that are left. */
    @Test
    void theGeometricMedianIsOfWhatIsLeft() {
        Graph graph = ModelBuilder.of("one", Shape.of(1, 4, 4))
                .conv(6, 3)
                .flatten()
                .dense(2)
                .graph();
        Policy policy =
                Policy.of(Criterion.FPGM, Pattern.CHANNEL, ScoreScope.LOCAL, Budget.of(0.9, Budget.Of.CHANNELS));
        ChannelGroup group = ChannelGroups.trace(graph).prunable().get(0);
        Mask mask = Mask.of(Map.of(), Map.of(group.id(), Kept.of(6, new int[] {0, 1, 2, 3})));
        try (Model model = RandomModel.of(graph, 1);
                Scope scope = Scope.open()) {
            float[] sizes = {1, 5, 5.5f, 6, 0, 0};
            Map<String, Tensor> weights = new HashMap<>(model.weights().asMap());
            Tensor filters = Tensor.ones(DType.F32, Device.CPU, 6, 1, 3, 3).mul(Tensor.of(sizes, 6, 1, 1, 1));
            weights.put("conv1.weight", filters);
            weights.put("conv1.bias", Tensor.zeros(DType.F32, Device.CPU, 6));
            weights.put("dense1.weight", Tensor.zeros(DType.F32, Device.CPU, 2, 24));
            float[] scores = new ChannelScores(graph, policy, Evidence.ofWeights(weights))
                    .of(List.of(group), mask)
                    .get(0)
                    .toFloatArray();
            // Sums of distances 13.5, 5.5, 5.5 and 6.5 on a line.
            assertThat(scores[1] / scores[0]).isCloseTo(5.5f / 13.5f, within(1e-5f));
            assertThat(scores[2]).isCloseTo(scores[1], within(1e-5f));
            assertThat(scores[3] / scores[0]).isCloseTo(6.5f / 13.5f, within(1e-5f));
        }
    }
}
