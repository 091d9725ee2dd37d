package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.model.Weights;
import dev.espalier.op.Concat;
import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Flatten;
import dev.espalier.op.Gemm;
import dev.espalier.op.GlobalAveragePool;
import dev.espalier.op.Relu;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.Slice;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.plan.Execution;
import dev.espalier.prune.Budget.Of;
import dev.espalier.prune.Permutation.Permuted;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Channels change places and nothing else changes; where they are alike, patterns keep more. */
@NoLeaks
class PermutationTest {
    private static final Grain VECTOR = new Grain.Block(4, 1);

    private static Policy policy(Grain grain, double target) {
        return Policy.of(Criterion.L1, Pattern.ELEMENT, ScoreScope.LOCAL, Budget.of(target, Of.SPARSITY))
                .withGrain(grain);
    }

    /** All small graphs, architectures of each kind, and two with constants of their own. */
    /** Sums along its channels: each may go where it vanishes, but none may change places. */
    private static final String ORDERED = "runningSums";

    @Test
    void channelsWhoseOrderMattersStay() {
        ChannelGroups groups = ChannelGroups.trace(ConformanceGraphs.graph(ORDERED));
        try (Model model = RandomModel.calibrated(groups, Mask.all(), 3);
                Permuted permuted = Permutation.of(model, policy(VECTOR, 0.5), randomOrders(groups, 5))) {
            assertThat(permuted.left()).extracting(Frozen::node).containsExactly("up");
            assertThat(permuted.left().get(0).reason()).contains("not proved");
            assertThat(difference(model, permuted.model())).isLessThan(1e-9);
        }
    }

    static Set<String> graphs() {
        Set<String> names = new TreeSet<>(ConformanceGraphs.controls());
        names.addAll(ConformanceGraphs.patterns());
        names.addAll(List.of("bertTiny", "vitTiny", "mixer", "googlenet"));
        names.remove(ORDERED);
        return names;
    }

    private static Map<String, int[]> randomOrders(ChannelGroups groups, long seed) {
        Random random = new Random(seed);
        Map<String, int[]> orders = new LinkedHashMap<>();
        for (ChannelGroup group : groups.prunable()) {
            List<Integer> places =
                    new ArrayList<>(IntStream.range(0, group.channels()).boxed().toList());
            Collections.shuffle(places, random);
            orders.put(group.id(), places.stream().mapToInt(i -> i).toArray());
        }
        return orders;
    }

    /** The largest difference of any output by its largest magnitude, in F64. */
    private static double difference(Model a, Model b) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Graph wide = DoublePrecision.of(a.graph());
            Map<String, Tensor> inputs = DoublePrecision.of(ConformanceGraphs.inputs(a.graph(), 11));
            Map<String, Tensor> expected =
                    Execution.run(wide, DoublePrecision.of(a.weights().asMap()), inputs, Evaluation.INFERENCE);
            Map<String, Tensor> got =
                    Execution.run(wide, DoublePrecision.of(b.weights().asMap()), inputs, Evaluation.INFERENCE);
            double worst = 0;
            for (Map.Entry<String, Tensor> output : expected.entrySet()) {
                double magnitude = output.getValue().abs().max().item();
                Tensor other =
                        got.getOrDefault(output.getKey(), output.getValue().mul(0));
                worst = Math.max(worst, other.sub(output.getValue()).abs().max().item() / magnitude);
            }
            return worst;
        }
    }

    private static boolean isSame(Model a, Model b) {
        return a.weights().asMap().entrySet().stream()
                .allMatch(e -> Arrays.equals(
                        e.getValue().toBytes(), b.weights().get(e.getKey()).toBytes()));
    }

    @ParameterizedTest
    @MethodSource("graphs")
    void whateverTheOrderTheNetworkComputesTheSame(String name) {
        ChannelGroups groups = ChannelGroups.trace(ConformanceGraphs.graph(name));
        try (Model model = RandomModel.calibrated(groups, Mask.all(), 3);
                Permuted permuted = Permutation.of(model, policy(VECTOR, 0.5), randomOrders(groups, 5))) {
            assertThat(permuted.left()).isEmpty();
            assertThat(permuted.groups()).hasSameSizeAs(groups.prunable());
            assertThat(permuted.model().graph()).isSameAs(model.graph());
            assertThat(difference(model, permuted.model())).isLessThan(1e-9);
            assertThat(isSame(model, permuted.model()))
                    .isEqualTo(permuted.groups().isEmpty());
        }
    }

    /** Channels of which one half goes through a Relu and the other through a Sigmoid: alike to all that removes them, but no two. */
    @Test
    void whatIsNotProvedIsLeftAlone() {
        Graph graph = Graph.builder("halves")
                .input("x", TensorType.f32(-1, 3, 6, 6))
                .parameter("a.weight", TensorType.f32(16, 3, 3, 3))
                .node("a", new Conv(Window.square(3, 1, 1), 1), "x", "a.weight")
                .node("upper", Slice.of(1, 0, 8), "a")
                .node("lower", Slice.of(1, 8, 16), "a")
                .node("one", new Relu(), "upper")
                .node("two", new Sigmoid(), "lower")
                .node("both", new Concat(1), "one", "two")
                .parameter("b.weight", TensorType.f32(12, 16, 3, 3))
                .node("b", new Conv(Window.square(3, 1, 1), 1), "both", "b.weight")
                .node("last", new Relu(), "b")
                .node("pooled", new GlobalAveragePool(), "last")
                .node("flat", new Flatten(1), "pooled")
                .parameter("y.weight", TensorType.f32(4, 12))
                .node("y", new Gemm(1, 1, false, true), "flat", "y.weight")
                .output("y")
                .build();
        ChannelGroups groups = ChannelGroups.trace(graph);
        assertThat(groups.prunable()).extracting(ChannelGroup::id).containsExactly("a", "b");
        try (Model model = RandomModel.of(graph, 3);
                Permuted permuted = Permutation.of(model, policy(VECTOR, 0.5), randomOrders(groups, 5))) {
            assertThat(permuted.groups()).containsExactly("b");
            assertThat(permuted.left()).extracting(Frozen::node).containsExactly("a");
            assertThat(permuted.toString()).contains("not proved");
            assertThat(difference(model, permuted.model())).isLessThan(1e-9);
            assertThat(permuted.model().weights().get("a.weight").toBytes())
                    .isEqualTo(model.weights().get("a.weight").toBytes());
        }
    }

    @Test
    void outputsThatProveNothingLeaveEverythingAlone() {
        Graph graph = ConformanceGraphs.graph("chain");
        ChannelGroups groups = ChannelGroups.trace(graph);
        try (Scope scope = Scope.open();
                Model dead = RandomModel.of(graph, 3)) {
            dead.weights().asMap().values().forEach(Tensor::zeroInPlace);
            try (Permuted permuted = Permutation.of(dead, policy(VECTOR, 0.5), randomOrders(groups, 5))) {
                assertThat(permuted.groups()).isEmpty();
                assertThat(permuted.left()).hasSameSizeAs(groups.prunable());
            }
        }
    }

    /** Weights as training leaves them: channels of one kind are large at the same inputs, and lie anywhere. */
    private static Model trained(Graph graph, int kinds, long seed) {
        Random random = new Random(seed);
        try (Scope scope = Scope.open();
                Model noise = RandomModel.of(graph, seed)) {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            noise.weights().asMap().forEach((name, tensor) -> {
                float[] values = tensor.toFloatArray();
                if (tensor.rank() > 1) {
                    int outputs = (int) tensor.size(0);
                    int rest = values.length / outputs;
                    boolean[][] supports = new boolean[kinds][rest];
                    for (boolean[] support : supports) {
                        for (int i = 0; i < rest; i++) {
                            support[i] = random.nextInt(4) == 0;
                        }
                    }
                    for (int output = 0; output < outputs; output++) {
                        boolean[] support = supports[random.nextInt(kinds)];
                        for (int i = 0; i < rest; i++) {
                            values[output * rest + i] *= support[i] ? 1 : 0.15f;
                        }
                    }
                }
                weights.put(name, Tensor.of(values, tensor.shape().toArray()));
            });
            return new Model(graph, Weights.adopt(weights), Metadata.NONE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"16x1", "8x1", "8x2", "1x4"})
    void blocksKeepMoreOfCorrelatedWeights(String text) {
        String[] pair = text.split("x", -1);
        gains(new Grain.Block(Integer.parseInt(pair[0]), Integer.parseInt(pair[1])), 0.75);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 1})
    void groupsKeepMoreOfCorrelatedWeights(int kept) {
        gains(new Grain.NOfM(kept, 4), 1 - kept / 4.0);
    }

    private static void gains(Grain grain, double target) {
        Graph graph = ConformanceGraphs.graph("vgg16bn");
        Policy policy = policy(grain, target);
        try (Model model = trained(graph, 4, 9);
                Permuted permuted = Permutation.of(model, policy)) {
            assertThat(permuted.groups()).isNotEmpty();
            assertThat(permuted.left()).isEmpty();
            assertThat(difference(model, permuted.model())).isLessThan(1e-9);
            assertThat(permuted.keptAfter()).isGreaterThan(permuted.keptBefore());
            assertThat(kept(permuted.model(), policy)).isGreaterThan(kept(model, policy));
        }
    }

    /** The share of all magnitudes that a mask of the policy keeps. */
    private static double kept(Model model, Policy policy) {
        try (Scope scope = Scope.open()) {
            Mask mask = new Pruner(model.graph(), policy)
                    .next(Mask.all(), Evidence.ofWeights(model.weights().asMap()));
            double kept = 0;
            double all = 0;
            for (String parameter : mask.elements().keySet()) {
                Tensor magnitude = model.weights().get(parameter).abs();
                BitMask bits = mask.elements().get(parameter);
                kept += bits == null ? 0 : magnitude.mul(bits.unpack()).sum().item();
                all += magnitude.sum().item();
            }
            return kept / all;
        }
    }

    @Test
    void rowsOfOneKindEndInOneBin() {
        Random random = new Random(4);
        float[][] rows = new float[24][40];
        for (int row = 0; row < rows.length; row++) {
            for (int column = 0; column < 40; column++) {
                rows[row][column] = (column % 3 == row % 3 ? 1 : 0) + 0.1f * random.nextFloat();
            }
        }
        int[] order = Clustering.together(rows, 8, 2.0 / 3);
        assertThat(order).containsExactlyInAnyOrder(IntStream.range(0, 24).toArray());
        for (int bin = 0; bin < 3; bin++) {
            int first = bin * 8;
            assertThat(IntStream.range(first, first + 8).map(i -> order[i] % 3).distinct())
                    .hasSize(1);
        }
        int[] spread = Clustering.apart(rows, 1, 3);
        assertThat(spread).containsExactlyInAnyOrder(IntStream.range(0, 24).toArray());
        for (int bin = 0; bin < 8; bin++) {
            int first = bin * 3;
            assertThat(IntStream.range(first, first + 3).map(i -> spread[i] % 3).distinct())
                    .hasSize(3);
        }
    }

    /** Behind a Concat a group holds a part of an axis. */
    @Test
    void groupsOfPartsOfAnAxisAreArranged() {
        Graph graph = Models.layers("squeezenet", Shape.of(3, 32, 32), 10, 0.25).graph();
        try (Model model = RandomModel.of(graph, 3);
                Permuted permuted = Permutation.of(model, policy(new Grain.NOfM(2, 4), 0.5))) {
            assertThat(permuted.model().graph().parameters()).isEqualTo(graph.parameters());
        }
    }

    @Test
    void singleWeightsHaveNoUseForAnOrder() {
        try (Model model = RandomModel.of(ConformanceGraphs.graph("chain"), 1)) {
            assertThatThrownBy(() -> Permutation.of(model, policy(Grain.single(), 0.5)))
                    .hasMessageContaining("N:M");
        }
    }
}
