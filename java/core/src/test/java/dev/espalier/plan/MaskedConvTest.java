package dev.espalier.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.graph.Graph;
import dev.espalier.op.Conv;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.plan.MaskedConv.Kind;
import dev.espalier.prune.Budget;
import dev.espalier.prune.Criterion;
import dev.espalier.prune.Evidence;
import dev.espalier.prune.Grain;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.prune.Pruner;
import dev.espalier.prune.ScoreScope;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which kernels are tried for weights that a pattern has thinned. */
@NoLeaks
class MaskedConvTest {
    /** Random weights of a convolution in groups, 80 % of them removed. */
    private static Tensor thinned(long groups, Grain grain) {
        Rng.seed(5);
        Graph graph = Graph.builder("one")
                .input("x", TensorType.f32(-1, 32, 5, 5))
                .parameter("w", TensorType.f32(80, 32 / groups, 3, 3))
                .node("y", new Conv(Window.square(3, 1, 1), groups), "x", "w")
                .output("y")
                .build();
        Tensor weight = Tensor.randn(Device.CPU, graph.type("w").shape().toArray());
        Policy policy = Policy.of(Criterion.L1, Pattern.ELEMENT, ScoreScope.LOCAL, Budget.of(0.8, Budget.Of.SPARSITY))
                .withGrain(grain);
        Mask mask = new Pruner(graph, policy).next(Mask.all(), Evidence.ofWeights(Map.of("w", weight)));
        BitMask bits = Objects.requireNonNull(mask.elements().get("w"));
        return weight.mul(bits.unpack());
    }

    @ParameterizedTest
    @CsvSource({"1,16", "2,16", "4,16", "1,32", "2,32"})
    void vectorsAreSeenAsVectors(long groups, int vector) {
        try (Scope scope = Scope.open()) {
            Tensor weight = thinned(groups, new Grain.Block(vector, 1));
            assertThat(Kind.worthTrying(weight, groups, 1)).contains(Kind.VECTOR16, Kind.ELEMENT);
        }
    }

    @Test
    void singleWeightsAreNot() {
        try (Scope scope = Scope.open()) {
            assertThat(Kind.worthTrying(thinned(2, Grain.single()), 2, 1)).containsExactly(Kind.ELEMENT);
        }
    }
}
