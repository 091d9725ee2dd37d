package dev.espalier.prune;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.model.InputIndices;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Models;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.AutoPad;
import dev.espalier.op.Evaluation;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Columns of tables, bins of spectrograms: what a model is fed may shrink where tracing permits. */
@NoLeaks
class InputPruningTest {
    private static final int COLUMNS = 64;

    private static Spared open(Graph graph, int axis) {
        String input = graph.inputs().keySet().iterator().next();
        return new Spared(Set.of(), false, 0, Map.of(input, Set.of(axis)));
    }

    private static Model table() {
        return ModelBuilder.of("table", Shape.of(COLUMNS))
                .dense(32)
                .relu()
                .dense(16)
                .relu()
                .dense(5)
                .build(3);
    }

    /** Half of the columns by the weights that read them, nothing else. */
    private static Mask half(Model model, ChannelGroups groups) {
        String input = model.graph().inputs().keySet().iterator().next();
        Policy policy = new Policy(
                Ranking.of(Criterion.L2, ScoreScope.TABLE),
                Pattern.CHANNEL,
                new Budget(0, Budget.Of.CHANNELS, 1, Map.of(input, 0.5)),
                open(model.graph(), 1),
                0);
        Mask mask = new Pruner(model.graph(), policy)
                .next(Mask.all(), Evidence.ofWeights(model.weights().asMap()));
        mask.check(groups);
        return mask;
    }

    @Test
    void theColumnsOfATableGoByTheWeightsThatReadThem() {
        try (Model model = table();
                Scope scope = Scope.open()) {
            Graph graph = model.graph();
            String input = graph.inputs().keySet().iterator().next();
            ChannelGroups groups = ChannelGroups.trace(graph, open(graph, 1));
            ChannelGroup columns = groups.find(input).orElseThrow();
            assertThat(columns.prunable()).isTrue();
            assertThat(columns.channels()).isEqualTo(COLUMNS);
            String weight = columns.members().get(0).parameter();
            int axis = columns.members().get(0).axis();
            try (Compacted compacted = Compaction.compact(model, groups, half(model, groups))) {
                Model left = compacted.model();
                assertThat(compacted.outcome().check().passed()).isTrue();
                assertThat(left.graph().inputs()).isEqualTo(Map.of(input, TensorType.f32(-1, COLUMNS / 2)));
                assertThat(left.graph().macs()).isEqualTo(graph.macs() - 32L * COLUMNS / 2);
                int[] kept = InputIndices.of(left.metadata(), input, 1).orElseThrow();
                float[] norms = model.weights()
                        .get(weight)
                        .square()
                        .sum(false, 1 - axis)
                        .toFloatArray();
                assertThat(kept)
                        .containsExactlyInAnyOrder(IntStream.range(0, COLUMNS)
                                .boxed()
                                .sorted(Comparator.comparingDouble(c -> -norms[c]))
                                .limit(COLUMNS / 2)
                                .mapToInt(c -> c)
                                .toArray());
                silencedColumnsMeanTheSame(model, left, input, kept);
                CompactionTest.countsAgreeWithARecount(compacted);
                CompactionTest.oneTrainingStepHasFiniteGradients(withState(compacted, CompactionTest.doubled(left)));
            }
        }
    }

    private static Compacted withState(Compacted compacted, Map<String, List<Tensor>> state) {
        return new Compacted(compacted.model(), state, compacted.elements(), compacted.outcome());
    }

    /** The whole model fed zeros in the removed columns, and the smaller one fed the others. */
    private static void silencedColumnsMeanTheSame(Model whole, Model left, String input, int[] kept) {
        Tensor table = requireNonNull(Samples.normal(whole.graph(), 9).get(0).get(input));
        float[] ones = new float[COLUMNS];
        IntStream.of(kept).forEach(c -> ones[c] = 1);
        Tensor silenced = table.mul(Tensor.of(ones, 1, COLUMNS));
        Tensor taken = table.indexSelect(1, Indices.tensor(kept, table.device()));
        Tensor expected = output(whole, Map.of(input, silenced));
        Tensor got = output(left, Map.of(input, taken));
        assertThat(got.sub(expected).abs().max().item())
                .isLessThan(1e-5 * expected.abs().max().item());
    }

    private static Tensor output(Model model, Map<String, Tensor> inputs) {
        return Execution.run(model.graph(), model.weights().asMap(), inputs, Evaluation.INFERENCE)
                .values()
                .iterator()
                .next();
    }

    /** Indices are always those of the first model. */
    @Test
    void prunedTwiceTheIndicesAreStillThoseOfTheFirst() {
        try (Model model = table()) {
            String input = model.graph().inputs().keySet().iterator().next();
            ChannelGroups groups = ChannelGroups.trace(model.graph(), open(model.graph(), 1));
            try (Compacted first = Compaction.compact(model, groups, half(model, groups))) {
                Model once = first.model();
                ChannelGroups again = ChannelGroups.trace(once.graph(), open(once.graph(), 1));
                try (Compacted second = Compaction.compact(once, again, half(once, again))) {
                    int[] outer = InputIndices.of(once.metadata(), input, 1).orElseThrow();
                    int[] inner =
                            InputIndices.of(second.model().metadata(), input, 1).orElseThrow();
                    assertThat(inner).hasSize(COLUMNS / 4).isSorted();
                    assertThat(IntStream.of(outer).boxed().toList())
                            .containsAll(IntStream.of(inner).boxed().toList());
                }
            }
        }
    }

    /** The bins of a spectrogram that is convolved over time alone. */
    @Test
    void binsGoWhereConvolutionRunsOverTimeAlone() {
        Window time = new Window(Ints.of(3), Ints.of(1), Ints.of(1, 1), Ints.of(1), AutoPad.NOTSET, false);
        try (Model model = ModelBuilder.of("bins", Shape.of(40, 24))
                .conv(16, time, 1, true)
                .relu()
                .conv(8, time, 1, true)
                .relu()
                .flatten()
                .dense(4)
                .build(3)) {
            Graph graph = model.graph();
            ChannelGroups groups = ChannelGroups.trace(graph, open(graph, 1));
            Mask mask = half(model, groups);
            try (Compacted compacted = Compaction.compact(model, groups, mask)) {
                assertThat(compacted.model().graph().inputs().values()).containsExactly(TensorType.f32(-1, 20, 24));
                assertThat(compacted.outcome().check().passed()).isTrue();
            }
            assertThatThrownBy(() -> ChannelGroups.trace(graph, open(graph, 2)))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("along axis 2")
                    .hasMessageContaining("(Conv)");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dsCnn", "crnn"})
    void binsThatAConvolutionSlidesOverStay(String name) {
        Graph graph = Models.layers(name, Models.exampleSample(name), 10, 0.25).graph();
        assertThatThrownBy(() -> ChannelGroups.trace(graph, open(graph, 2)))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("cannot lose indices along axis 2: node 'conv1' (Conv)");
    }

    @Test
    void whatIsNoAxisOfAnInputIsRefused() {
        try (Model model = table()) {
            Graph graph = model.graph();
            assertThatThrownBy(() -> ChannelGroups.trace(graph, open(graph, 0)))
                    .hasMessageContaining("behind the batch");
            assertThatThrownBy(() -> ChannelGroups.trace(graph, open(graph, 2))).hasMessageContaining("axis 2");
            Spared wrong = new Spared(Set.of(), false, 0, Map.of("nobody", Set.of(1)));
            assertThatThrownBy(() -> ChannelGroups.trace(graph, wrong)).hasMessageContaining("has no input 'nobody'");
            assertThatThrownBy(() -> new Policy(
                            Ranking.of(Criterion.L2, ScoreScope.GLOBAL),
                            Pattern.ELEMENT,
                            Budget.of(0.5, Budget.Of.SPARSITY),
                            open(graph, 1),
                            0))
                    .hasMessageContaining("use pattern CHANNEL");
        }
    }

    static List<String> graphs() {
        return List.copyOf(ConformanceGraphs.names());
    }

    /** Every axis of every input of every graph either shrinks and is proved, or is refused with a reason. */
    @ParameterizedTest
    @MethodSource("graphs")
    void anAxisOfAnInputShrinksOrIsRefused(String name) {
        Graph graph = ConformanceGraphs.graph(name);
        graph.inputs().forEach((input, type) -> {
            for (int axis = 1; axis < type.rank(); axis++) {
                if (type.dim(axis) > 1) {
                    shrinksOrIsRefused(graph, input, axis);
                }
            }
        });
    }

    private static void shrinksOrIsRefused(Graph graph, String input, int axis) {
        ChannelGroups groups;
        try {
            groups = ChannelGroups.trace(graph, new Spared(Set.of(), false, 0, Map.of(input, Set.of(axis))));
        } catch (PruningException e) {
            assertThat(e).hasMessageContaining("input '" + input + "' cannot lose indices along axis " + axis + ": ");
            return;
        }
        Mask mask = RandomModel.mask(groups, 0.5, 7);
        try (Model model = RandomModel.calibrated(groups, mask, 3);
                Compacted compacted = Compaction.compact(model, groups, mask)) {
            assertThat(compacted.outcome().check().passed()).isTrue();
            long left = compacted.model().graph().type(input).dim(axis);
            assertThat(left).isLessThan(graph.type(input).dim(axis));
            assertThat(InputIndices.of(compacted.model().metadata(), input, axis))
                    .hasValueSatisfying(kept -> assertThat(kept).hasSize((int) left));
        }
    }

    /** The negative control: the smaller model fed other columns than those that stay. */
    @Test
    void otherColumnsMakeTheProofFail() {
        try (Model model = table();
                Scope scope = Scope.open()) {
            Graph graph = model.graph();
            String input = graph.inputs().keySet().iterator().next();
            ChannelGroups groups = ChannelGroups.trace(graph, open(graph, 1));
            Mask mask = half(model, groups);
            Map<String, Tensor> masked = new HashMap<>();
            Map<String, List<Tensor>> sources = new LinkedHashMap<>();
            model.weights().asMap().forEach((p, t) -> masked.put(p, t.copy()));
            model.weights().asMap().forEach((p, t) -> sources.put(p, List.of(t)));
            try (MaskedWeights zeros = MaskedWeights.of(groups, mask, Device.CPU)) {
                zeros.apply(masked);
            }
            Graph smaller = GraphCut.of(groups, mask.channels());
            Map<String, Tensor> left = new HashMap<>();
            WeightCut.cut(groups, mask.channels(), sources).forEach((p, all) -> left.put(p, all.get(0)));
            int[] kept = Indices.where(groups.kept(input, 1, mask.channels()));
            List<Integer> other = new ArrayList<>(IntStream.of(kept).boxed().toList());
            int gone = IntStream.range(0, COLUMNS)
                    .filter(c -> !other.contains(c))
                    .findFirst()
                    .orElseThrow();
            for (boolean right : new boolean[] {true, false}) {
                if (!right) {
                    other.set(0, gone);
                }
                int[] fed = other.stream().mapToInt(c -> c).toArray();
                boolean passed = new EqualityProof(
                                graph,
                                masked,
                                smaller,
                                left,
                                all -> Map.of(
                                        input,
                                        requireNonNull(all.get(input)).indexSelect(1, Indices.tensor(fed, Device.CPU))))
                        .compare(Samples.normal(graph, 5))
                        .passed();
                assertThat(passed).isEqualTo(right);
            }
        }
    }
}
