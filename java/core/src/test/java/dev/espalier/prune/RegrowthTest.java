package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@NoLeaks
class RegrowthTest {
    private static final float[] WEIGHTS = {5, -4, 3, -2, 1, 0.5f, 0, 0, 0, 0, 0, 0};
    private static final float[] GRADIENTS = {9, 9, 9, 9, 0.1f, 7, -3, 0.2f, 4, -5, 0.3f, 1};

    /** Four inputs, three outputs: one matrix of twelve weights. */
    private static Graph graph() {
        try (Model model =
                ModelBuilder.of("toy", Shape.of(1, 2, 2)).flatten().dense(3).build(1)) {
            return model.graph();
        }
    }

    private static String weight(Graph graph) {
        return ElementStep.eligible(graph, Set.of()).get(0);
    }

    private static Policy policy(ScoreScope scope) {
        return Policy.of(Criterion.L1, Pattern.ELEMENT, scope, Budget.of(0.5, Budget.Of.SPARSITY));
    }

    private static Evidence evidence(Graph graph) {
        long[] shape = graph.type(weight(graph)).shape().toArray();
        return Evidence.ofWeights(Map.of(weight(graph), Tensor.of(WEIGHTS, shape)))
                .with(Measure.GRADIENTS, Map.of(weight(graph), Tensor.of(GRADIENTS, shape)));
    }

    private static Mask mask(Graph graph, int... kept) {
        float[] ones = new float[12];
        Arrays.stream(kept).forEach(i -> ones[i] = 1);
        long[] shape = graph.type(weight(graph)).shape().toArray();
        return Mask.of(Map.of(weight(graph), BitMask.pack(Tensor.of(ones, shape).ne(0))), Map.of());
    }

    private static int[] kept(Mask mask) {
        float[] bits = mask.elements()
                .values()
                .iterator()
                .next()
                .unpack()
                .to(dev.espalier.runtime.DType.F32)
                .toFloatArray();
        return IntStream.range(0, bits.length).filter(i -> bits[i] != 0).toArray();
    }

    @Test
    void theSmallestMakeRoomForTheLargestGradients() {
        Graph graph = graph();
        try (Scope scope = Scope.open()) {
            Mask mask = mask(graph, 0, 1, 2, 3, 4, 5);
            Regrowth regrowth = new Regrowth(graph, policy(ScoreScope.ERK));
            // 4 and 5 are dropped; of all others 5 (again), 9 and 8 have the largest gradients.
            Mask third = regrowth.exchange(mask, evidence(graph), 1.0 / 3, new Growth.ByGradient());
            assertThat(kept(third)).containsExactly(0, 1, 2, 3, 5, 9);
            Mask half = regrowth.exchange(mask, evidence(graph), 0.5, new Growth.ByGradient());
            // 3 is dropped too and comes back first.
            assertThat(kept(half)).containsExactly(0, 1, 2, 3, 5, 9);
            assertThat(kept(regrowth.exchange(mask, evidence(graph), 0, new Growth.ByGradient())))
                    .containsExactly(0, 1, 2, 3, 4, 5);
            assertThatThrownBy(() -> regrowth.exchange(mask, evidence(graph), 1.5, new Growth.ByGradient()))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("1.5");
        }
    }

    @Test
    void randomGrowthKeepsTheCountAndDependsOnItsSeed() {
        Graph graph = graph();
        try (Scope scope = Scope.open()) {
            Mask mask = mask(graph, 0, 1, 2, 3, 4, 5);
            Evidence weights = Evidence.ofWeights(evidence(graph).weights());
            Regrowth regrowth = new Regrowth(graph, policy(ScoreScope.LOCAL));
            java.util.Set<List<Integer>> seen = new java.util.HashSet<>();
            for (int seed = 0; seed < 20; seed++) {
                Growth growth = new Growth.AtRandom(seed);
                int[] kept = kept(regrowth.exchange(mask, weights, 0.5, growth));
                assertThat(kept).hasSize(6).contains(0, 1, 2);
                assertThat(kept(regrowth.exchange(mask, weights, 0.5, growth))).isEqualTo(kept);
                seen.add(Arrays.stream(kept).boxed().toList());
            }
            assertThat(seen).hasSizeGreaterThan(5);
        }
    }

    @Test
    void aWiderMaskKeepsAllAndTakesTheLargestGradients() {
        Graph graph = graph();
        try (Scope scope = Scope.open()) {
            Mask mask = mask(graph, 0, 1, 2, 4);
            // A table would need targets by name, sensitivity a scan.
            for (ScoreScope among : EnumSet.complementOf(EnumSet.of(ScoreScope.TABLE, ScoreScope.SENSITIVITY))) {
                Regrowth regrowth = new Regrowth(graph, policy(among));
                Mask wider = regrowth.widen(mask, evidence(graph), 5.0 / 12, new Growth.ByGradient());
                assertThat(kept(wider)).as(among.toString()).containsExactly(0, 1, 2, 3, 4, 5, 9);
                assertThatThrownBy(() -> mask.narrow(wider)).hasMessageContaining("bring removed weights back");
            }
        }
    }

    @Test
    void channelsDoNotComeBack() {
        Policy channels =
                Policy.of(Criterion.L1, Pattern.CHANNEL, ScoreScope.LOCAL, Budget.of(0.5, Budget.Of.CHANNELS));
        assertThatThrownBy(() -> new Regrowth(graph(), channels)).hasMessageContaining("CHANNEL");
        assertThatThrownBy(() ->
                        Policy.of(Criterion.L1, Pattern.CHANNEL, ScoreScope.ERK, Budget.of(0.5, Budget.Of.CHANNELS)))
                .hasMessageContaining("ERK");
    }

    @Test
    void layersKeepInProportionToTheirExtents() {
        // 40 / (20 + 4) times 4 is more than the small layer has: it stays whole.
        assertThat(ErdosRenyi.kept(Map.of("a", new long[] {10, 10}, "b", new long[] {2, 2}), 40))
                .isEqualTo(Map.of("a", 36L, "b", 4L));
        // 100 / (20 + 40) times 20 and 40.
        assertThat(ErdosRenyi.kept(Map.of("a", new long[] {10, 10}, "b", new long[] {20, 20}), 100))
                .isEqualTo(Map.of("a", 33L, "b", 67L));
        Map<String, long[]> network = new TreeMap<>(Map.of(
                "conv1", new long[] {16, 3, 3, 3}, "conv2", new long[] {32, 16, 3, 3}, "dense", new long[] {10, 32}));
        long all = 432 + 4608 + 320;
        for (long kept = 0; kept <= all; kept += 67) {
            Map<String, Long> counts = ErdosRenyi.kept(network, kept);
            assertThat(counts.values().stream().mapToLong(n -> n).sum()).isEqualTo(kept);
            assertThat(counts.get("conv1")).isLessThanOrEqualTo(432);
            assertThat(counts.get("conv2")).isLessThanOrEqualTo(4608);
            assertThat(counts.get("dense")).isLessThanOrEqualTo(320);
        }
    }
}
