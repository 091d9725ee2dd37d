package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Conv;
import dev.espalier.op.Flatten;
import dev.espalier.op.Gemm;
import dev.espalier.op.GlobalAveragePool;
import dev.espalier.op.MatMul;
import dev.espalier.op.Ops;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.prune.Budget.Of;
import dev.espalier.runtime.Backend;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.ConvolutionWindow;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Epilogue;
import dev.espalier.runtime.HalfConv2d;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The structure of masks in which weights share decisions, looked up weight by weight. */
@NoLeaks
class GrainTest {
    /** Where outputs and inputs of a parameter lie, written down independently of the operators. */
    private record Layout(int outputs, int outputParts, int inputs, int inputParts) {}

    private static final Map<String, Layout> LAYOUTS = new TreeMap<>(Map.of(
            "first.weight", new Layout(0, 1, 1, 1),
            "grouped.weight", new Layout(0, 2, 1, 1),
            "odd.weight", new Layout(0, 1, 1, 1),
            "up.weight", new Layout(1, 1, 0, 2),
            "plain.weight", new Layout(1, 1, 0, 1),
            "dense.weight", new Layout(0, 1, 1, 1),
            "product.weight", new Layout(1, 1, 0, 1)));

    private final Graph graph = Graph.builder("layouts")
            .input("x", TensorType.f32(-1, 3, 6, 6))
            .parameter("first.weight", TensorType.f32(40, 3, 3, 3))
            .node("first", new Conv(Window.square(3, 1, 1), 1), "x", "first.weight")
            .parameter("grouped.weight", TensorType.f32(24, 20, 3, 3))
            .node("grouped", new Conv(Window.square(3, 1, 1), 2), "first", "grouped.weight")
            .parameter("odd.weight", TensorType.f32(22, 24, 1, 1))
            .node("odd", new Conv(Window.square(1, 1, 0), 1), "grouped", "odd.weight")
            .parameter("up.weight", TensorType.f32(22, 5, 2, 2))
            .node(
                    "up",
                    Ops.create("ConvTranspose", Map.of("strides", Ints.of(2, 2), "group", Attribute.of(2))),
                    "odd",
                    "up.weight")
            .node("pooled", new GlobalAveragePool(), "up")
            .node("flat", new Flatten(1), "pooled")
            .parameter("plain.weight", TensorType.f32(10, 9))
            .node("plain", new Gemm(1, 1, false, false), "flat", "plain.weight")
            .parameter("dense.weight", TensorType.f32(17, 9))
            .node("dense", new Gemm(1, 1, false, true), "plain", "dense.weight")
            .parameter("product.weight", TensorType.f32(17, 6))
            .node("product", new MatMul(), "dense", "product.weight")
            .output("product")
            .build();

    private Scope scope;
    private Model model;
    private Evidence evidence;

    @BeforeEach
    void open() {
        model = RandomModel.of(graph, 5);
        scope = Scope.open();
        evidence = Evidence.ofWeights(model.weights().asMap());
    }

    @AfterEach
    void close() {
        scope.close();
        model.close();
    }

    private Pruner pruner(Grain grain, ScoreScope scoreScope, double target) {
        return new Pruner(graph, policy(grain, scoreScope, target));
    }

    private static Policy policy(Grain grain, ScoreScope scoreScope, double target) {
        Budget budget = Budget.of(Math.min(Math.min(target, 0.99), grain.most()), Of.SPARSITY);
        return Policy.of(Criterion.L1, Pattern.ELEMENT, scoreScope, budget).withGrain(grain);
    }

    /** One weight of a granule: its score and whether it stays. */
    private record Weight(double magnitude, boolean kept) {}

    /** Weights by a name of what they share, in ascending order of their indices. */
    private Map<String, List<Weight>> shared(Mask mask, String parameter, int down, int across) {
        Layout layout = LAYOUTS.getOrDefault(parameter, new Layout(0, 1, 1, 1));
        long[] shape = graph.type(parameter).shape().toArray();
        float[] values = model.weights().get(parameter).toFloatArray();
        BitMask bits = mask.elements().get(parameter);
        long[] kept = new long[values.length];
        Arrays.fill(kept, 1);
        if (bits != null) {
            kept = bits.unpack().toLongArray();
        }
        long outputs = shape[layout.outputs()] / layout.outputParts();
        long inputs = shape[layout.inputs()] / layout.inputParts();
        Map<String, List<Weight>> shared = new TreeMap<>();
        for (int i = 0; i < values.length; i++) {
            long[] at = new long[shape.length];
            long rest = i;
            for (int axis = shape.length - 1; axis >= 0; axis--) {
                at[axis] = rest % shape[axis];
                rest /= shape[axis];
            }
            long output = at[layout.outputs()];
            long input = at[layout.inputs()];
            at[layout.outputs()] = output / outputs * outputs + output % outputs / down * down;
            at[layout.inputs()] = input / inputs * inputs + input % inputs / across * across;
            shared.computeIfAbsent(Arrays.toString(at), k -> new ArrayList<>())
                    .add(new Weight(Math.abs(values[i]), kept[i] != 0));
        }
        return shared;
    }

    private static long removed(Mask mask) {
        return mask.elements().values().stream()
                .mapToLong(m -> m.shape().numel() - m.kept())
                .sum();
    }

    @ParameterizedTest
    @ValueSource(strings = {"2:4", "1:4", "4:8", "3:5", "1:2", "1:16"})
    void atTheFullTargetEveryWholeGroupKeepsItsLargestWeights(String text) {
        String[] pair = text.split(":", -1);
        Grain.NOfM grain = new Grain.NOfM(Integer.parseInt(pair[0]), Integer.parseInt(pair[1]));
        assertThat(grain).hasToString(text);
        for (ScoreScope scoreScope : List.of(ScoreScope.LOCAL, ScoreScope.GLOBAL, ScoreScope.ISOMORPHIC)) {
            Mask mask = pruner(grain, scoreScope, 1).next(Mask.all(), evidence);
            for (String parameter : LAYOUTS.keySet()) {
                shared(mask, parameter, 1, grain.of()).values().forEach(group -> {
                    List<Weight> kept = group.stream().filter(Weight::kept).toList();
                    assertThat(kept).hasSize(group.size() < grain.of() ? group.size() : grain.kept());
                    double least =
                            kept.stream().mapToDouble(Weight::magnitude).min().orElseThrow();
                    assertThat(group).allMatch(w -> w.kept() || w.magnitude() <= least);
                });
            }
        }
    }

    @Test
    void layersOfFewerInputsAndWhatIsLeftOverStayWhole() {
        Mask mask = pruner(new Grain.NOfM(2, 4), ScoreScope.GLOBAL, 1).next(Mask.all(), evidence);
        assertThat(mask.elements().keySet())
                .containsExactlyInAnyOrder(
                        "grouped.weight", "odd.weight", "up.weight", "plain.weight", "dense.weight", "product.weight");
        // 11 inputs of a group of up make two groups of four, 10 of plain and 9 of dense two, 17 of product four.
        long whole = 24 * 20 * 9 + 22 * 24 + 2 * 8 * 5 * 4 + 8 * 9 + 17 * 8 + 16 * 6;
        assertThat(removed(mask)).isEqualTo(whole / 2);
    }

    @Test
    void belowTheFullTargetAShareOfTheGroupsIsDoneThoseThatLoseLeast() {
        Grain.NOfM grain = new Grain.NOfM(1, 4);
        Pruner pruner = pruner(grain, ScoreScope.GLOBAL, 1);
        long groups = (24 * 20 * 9 + 22 * 24 + 2 * 8 * 5 * 4 + 8 * 9 + 17 * 8 + 16 * 6) / 4;
        Mask mask = Mask.all();
        for (double target : new double[] {0.1, 0.3, 0.31, 0.6, 0.75}) {
            mask = pruner.next(mask, evidence, target);
            long expected = (Math.round(target * groups * 4) + 2) / 3;
            long done = 0;
            double mostLost = 0;
            double leastSpared = Double.MAX_VALUE;
            for (String parameter : mask.elements().keySet()) {
                for (List<Weight> group : shared(mask, parameter, 1, 4).values()) {
                    long kept = group.stream().filter(Weight::kept).count();
                    double loss = group.stream().mapToDouble(Weight::magnitude).sum()
                            - group.stream()
                                    .mapToDouble(Weight::magnitude)
                                    .max()
                                    .orElseThrow();
                    if (group.size() == 4) {
                        assertThat(kept).isIn(1L, 4L);
                        done += kept == 1 ? 1 : 0;
                        mostLost = kept == 1 ? Math.max(mostLost, loss) : mostLost;
                        leastSpared = kept == 1 ? leastSpared : Math.min(leastSpared, loss);
                    }
                }
            }
            assertThat(done).isEqualTo(expected);
            assertThat(mostLost).isLessThanOrEqualTo(leastSpared + 1e-5);
        }
        assertThat(removed(mask)).isEqualTo(groups * 3);
    }

    @Test
    void aChangedOpinionBringsNothingBack() {
        for (Grain grain : List.of(new Grain.NOfM(2, 4), new Grain.Block(16, 1), new Grain.Block(4, 3))) {
            Mask first = pruner(grain, ScoreScope.GLOBAL, 1).next(Mask.all(), evidence, 0.25);
            Map<String, Tensor> other = new HashMap<>();
            try (Model turned = RandomModel.of(graph, 8)) {
                turned.weights().asMap().forEach((name, tensor) -> other.put(name, tensor.copy()));
            }
            Mask second =
                    pruner(grain, ScoreScope.GLOBAL, 0.9).next(first, Evidence.ofWeights(other), grain.most() * 0.9);
            assertThat(removed(second)).isGreaterThan(removed(first));
            first.elements().forEach((parameter, bits) -> {
                BitMask later = Objects.requireNonNull(second.elements().get(parameter));
                Tensor back = later.unpack().logicalAnd(bits.unpack().logicalNot());
                assertThat(back.sum().item()).isZero();
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"16x1", "2x1", "32x1", "16x4", "3x5", "1x4", "64x64"})
    void blocksGoOrStayWholeWithinTheirPartsAndHitTheTarget(String text) {
        String[] pair = text.split("x", -1);
        Grain.Block grain = new Grain.Block(Integer.parseInt(pair[0]), Integer.parseInt(pair[1]));
        assertThat(grain).hasToString(text);
        long all = LAYOUTS.keySet().stream()
                .mapToLong(p -> graph.type(p).shape().numel())
                .sum();
        for (ScoreScope scoreScope : List.of(ScoreScope.LOCAL, ScoreScope.GLOBAL)) {
            Pruner pruner = pruner(grain, scoreScope, 0.9);
            Mask mask = Mask.all();
            for (double target : new double[] {0.4, 0.41, 0.9}) {
                mask = pruner.next(mask, evidence, target);
                for (String parameter : LAYOUTS.keySet()) {
                    shared(mask, parameter, grain.outputs(), grain.inputs())
                            .values()
                            .forEach(block -> assertThat(
                                            block.stream().map(Weight::kept).distinct())
                                    .hasSize(1));
                }
                if (scoreScope == ScoreScope.GLOBAL) {
                    long spare = removed(mask) - Math.round(target * all);
                    assertThat(spare).isBetween(0L, (long) grain.outputs() * grain.inputs() - 1);
                }
            }
        }
    }

    @Test
    void theBlocksOfTheSmallestMeanGoFirstHoweverSmallTheyAre() {
        Mask mask = pruner(new Grain.Block(16, 2), ScoreScope.GLOBAL, 0.7).next(Mask.all(), evidence);
        double mostRemoved = 0;
        double leastKept = Double.MAX_VALUE;
        long removedEnds = 0;
        for (String parameter : LAYOUTS.keySet()) {
            for (List<Weight> block : shared(mask, parameter, 16, 2).values()) {
                double mean =
                        block.stream().mapToDouble(Weight::magnitude).average().orElseThrow();
                boolean kept = block.get(0).kept();
                mostRemoved = kept ? mostRemoved : Math.max(mostRemoved, mean);
                leastKept = kept ? Math.min(leastKept, mean) : leastKept;
                removedEnds += !kept && block.size() < 32 ? 1 : 0;
            }
        }
        assertThat(mostRemoved).isLessThanOrEqualTo(leastKept + 1e-5);
        assertThat(removedEnds).isPositive();
    }

    @Test
    void blocksTakeErdosRenyiSharesAndTables() {
        Grain vector = new Grain.Block(2, 1);
        Mask erk = pruner(vector, ScoreScope.ERK, 0.5).next(Mask.all(), evidence);
        assertThat(erk.sparsity()).isBetween(0.5, 0.51);
        Budget table = new Budget(0.5, Of.SPARSITY, 1, Map.of("odd", 0.25));
        Policy policy = Policy.of(Criterion.L1, Pattern.ELEMENT, ScoreScope.TABLE, table)
                .withGrain(vector);
        Mask own = new Pruner(graph, policy).next(Mask.all(), evidence);
        BitMask odd = Objects.requireNonNull(own.elements().get("odd.weight"));
        assertThat(odd.sparsity()).isEqualTo(0.25);
    }

    @ParameterizedTest
    @EnumSource(Criterion.class)
    void everyCriterionOfWeightsDecidesOnThem(Criterion criterion) {
        Evidence all = evidence;
        for (Measure measure : Measure.values()) {
            all = measure.isByGroup() ? all : all.with(measure, model.weights().asMap());
        }
        for (Grain grain : List.of(new Grain.NOfM(2, 4), new Grain.Block(16, 1))) {
            if (criterion.scores(Pattern.ELEMENT)) {
                Policy policy = Policy.of(criterion, Pattern.ELEMENT, ScoreScope.GLOBAL, Budget.of(0.5, Of.SPARSITY))
                        .withGrain(grain);
                assertThat(new Pruner(graph, policy).next(Mask.all(), all).sparsity())
                        .isBetween(0.4, 0.52);
                assertThat(policy.random(4).grain()).isEqualTo(grain);
            }
        }
    }

    /** The step that finds its evidence itself takes a hundred steps on the way. */
    @Test
    void synapticFlowDecidesOnThem() {
        Policy policy = Policy.of(Criterion.SYNFLOW, Pattern.ELEMENT, ScoreScope.GLOBAL, Budget.of(0.5, Of.SPARSITY))
                .withGrain(new Grain.NOfM(2, 4));
        Mask mask = new Pruner(graph, policy).next(Mask.all(), evidence);
        shared(mask, "odd.weight", 1, 4)
                .values()
                .forEach(group ->
                        assertThat(group.stream().filter(Weight::kept).count()).isEqualTo(2));
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatThrownBy(() -> new Grain.NOfM(4, 4)).hasMessageContaining("4:4");
        assertThatThrownBy(() -> new Grain.NOfM(0, 4)).hasMessageContaining("0:4");
        assertThatThrownBy(() -> new Grain.NOfM(2, 17)).hasMessageContaining("2:17");
        assertThatThrownBy(() -> new Grain.Block(1, 1)).hasMessageContaining("1x1");
        Policy fours = policy(new Grain.NOfM(2, 4), ScoreScope.GLOBAL, 1);
        Budget high = Budget.of(0.51, Of.SPARSITY);
        assertThatThrownBy(() -> new Policy(fours.ranking(), Pattern.ELEMENT, fours.grain(), high, fours.spared(), 0))
                .hasMessageContainingAll("0.51", "2:4", "0.5");
        assertThatThrownBy(() -> policy(new Grain.NOfM(2, 4), ScoreScope.ERK, 1))
                .hasMessageContainingAll("ERK", "2:4");
        assertThatThrownBy(() -> Policy.of(Criterion.L1, Pattern.CHANNEL, ScoreScope.LOCAL, Budget.of(0.5, Of.CHANNELS))
                        .withGrain(new Grain.Block(16, 1)))
                .hasMessageContaining("16x1");
        assertThatThrownBy(() -> new Regrowth(graph, fours)).hasMessageContaining("2:4");
        Policy parameters = new Policy(
                fours.ranking(), Pattern.ELEMENT, fours.grain(), Budget.of(0.6, Of.PARAMETERS), fours.spared(), 0);
        assertThatThrownBy(() -> new Pruner(graph, parameters).next(Mask.all(), evidence))
                .hasMessageContaining("0.6");
        Graph narrow = Models.layers("mlp", Shape.of(1, 2, 1), 2, 0.01).graph();
        try (Model small = RandomModel.of(narrow, 1)) {
            Pruner none = new Pruner(narrow, policy(new Grain.NOfM(8, 16), ScoreScope.LOCAL, 1));
            assertThatThrownBy(() -> none.next(
                            Mask.all(), Evidence.ofWeights(small.weights().asMap())))
                    .hasMessageContaining("8:16");
        }
    }

    @Test
    void sparseTensorCoresTakeATwoOfFourMask() {
        Graph fours = Graph.builder("fours")
                .input("x", TensorType.f32(-1, 16, 5, 5))
                .parameter("w", TensorType.f32(20, 16, 3, 3))
                .node("y", new Conv(Window.square(3, 1, 1), 1), "x", "w")
                .output("y")
                .build();
        try (Model own = RandomModel.of(fours, 2)) {
            Tensor weight = own.weights().get("w");
            Mask mask = new Pruner(fours, policy(new Grain.NOfM(2, 4), ScoreScope.LOCAL, 1))
                    .next(Mask.all(), Evidence.ofWeights(own.weights().asMap()));
            BitMask bits = Objects.requireNonNull(mask.elements().get("w"));
            long[] one = {1, 1};
            long[] pads = {1, 1, 1, 1};
            ConvolutionWindow window = ConvolutionWindow.of(one, pads, one, 1);
            HalfConv2d conv = Kernels.of(Backend.REFERENCE)
                    .halfConv2d(
                            new HalfConv2d.Form(DType.F16, HalfConv2d.Pattern.TWO_OF_FOUR),
                            weight,
                            bits,
                            Shape.of(16, 5, 5),
                            window);
            Tensor x = Tensor.randn(Device.CPU, 2, 16, 5, 5).to(DType.F16);
            Tensor got = conv.run(x, Epilogue.NONE).to(DType.F64);
            Tensor sparse = weight.to(DType.F16).to(DType.F64).mul(bits.unpack().to(DType.F64));
            Tensor expected = Nn.conv2d(x.to(DType.F64), sparse, null, window);
            // One rounding to F16 of sums that F32 holds far more exactly.
            double tolerance = 0x1p-10 * expected.abs().max().item();
            assertThat(got.sub(expected).abs().max().item()).isLessThan(tolerance);
        }
    }
}
