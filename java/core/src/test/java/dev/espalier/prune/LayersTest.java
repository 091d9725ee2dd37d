package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.op.Add;
import dev.espalier.op.Evaluation;
import dev.espalier.op.MatMul;
import dev.espalier.op.Relu;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@NoLeaks
class LayersTest {
    private static Graph architecture(String name) {
        return Models.layers(name, Models.exampleSample(name), 10, 1).graph();
    }

    @ParameterizedTest
    @CsvSource({
        // Blocks without a projection; three stages, of which two begin with one.
        "resnet20, 7, 2",
        "resnet56, 25, 2",
        // A padded shortcut has no weights: all blocks can go.
        "resnet20a, 9, 0",
        "resnet18, 5, 3",
        "resnet50, 12, 4",
        // Inverted residuals of stride 1 and equal width.
        "mobilenetV2, 10, 0",
        // Attention and perceptron of each block.
        "vitTiny, 24, 0",
        "bertTiny, 4, 0",
        "convnextTiny, 18, 0",
        "mixer, 16, 0",
        "vgg16bn, 0, 0",
        "wideAndDeep, 0, 1"
    })
    void branchesAreFoundInEveryArchitecture(String name, int removable, int frozen) {
        Layers layers = Layers.of(architecture(name));
        assertThat(layers.removable()).as("removable").hasSize(removable);
        assertThat(layers.frozen()).as("frozen").hasSize(frozen);
        layers.removable().forEach(layer -> {
            assertThat(layer.weights()).isNotEmpty();
            assertThat(layer.nodes()).isNotEmpty();
        });
    }

    static Stream<Arguments> cases() {
        return ConformanceGraphs.names().stream()
                .filter(name ->
                        !Layers.of(ConformanceGraphs.graph(name)).removable().isEmpty())
                .flatMap(name -> Stream.of(0.25, 0.5, 1.0).map(ratio -> Arguments.of(name, ratio)));
    }

    /** Random layers, at least one, as many of a share as can go together. */
    private static Set<String> some(Layers layers, double ratio, long seed) {
        List<Layer> all = new ArrayList<>(layers.removable());
        Collections.shuffle(all, new Random(seed));
        Set<String> gone = new LinkedHashSet<>();
        for (Layer layer : all.subList(0, (int) Math.ceil(ratio * all.size()))) {
            Set<String> further = new LinkedHashSet<>(gone);
            further.add(layer.id());
            if (layers.canLose(further)) {
                gone.add(layer.id());
            }
        }
        return gone;
    }

    @ParameterizedTest(name = "{0} without {1}")
    @MethodSource("cases")
    void whatIsOfferedCanGo(String name, double ratio) {
        Graph graph = ConformanceGraphs.graph(name);
        Layers layers = Layers.of(graph);
        Mask mask = Mask.ofLayers(some(layers, ratio, 11));
        assertThat(mask.layers()).isNotEmpty();
        ChannelGroups groups = ChannelGroups.trace(graph);
        try (Model model = RandomModel.calibrated(groups, Mask.all(), 3);
                Scope scope = Scope.open();
                Compacted compacted = Compaction.compact(model, groups, mask, CompactionTest.doubled(model))) {
            EqualityCheck check = compacted.outcome().check();
            assertThat(check.passed()).isTrue();
            // The difference must also be small in relation to the largest output.
            double relativeTolerance = 6 * Math.sqrt(2) * 0x1p-24 * Math.sqrt(EqualityProof.accumulated(graph));
            assertThat(check.maxAbsDiff() / check.tolerance() * relativeTolerance)
                    .isLessThan(1e-5);
            assertThat(check.deviation()).isZero();
            assertThat(compacted.outcome().layers()).containsExactlyElementsOf(mask.layers());
            Graph left = compacted.model().graph();
            left.parameters().forEach((parameter, type) -> assertThat(type).isEqualTo(graph.type(parameter)));
            for (Layer layer : layers.chosen(mask.layers())) {
                assertThat(left.nodes()).noneMatch(node -> layer.nodes().contains(node.name()));
                assertThat(left.parameters().keySet()).doesNotContainAnyElementsOf(onlyOf(graph, layer));
            }
            assertThat(compacted.state().keySet()).isEqualTo(left.parameters().keySet());
            CompactionTest.countsAgreeWithARecount(compacted);
            CompactionTest.oneTrainingStepHasFiniteGradients(compacted);
        }
    }

    /** Parameters that no node outside of a layer uses. */
    private static List<String> onlyOf(Graph graph, Layer layer) {
        return graph.parameters().keySet().stream()
                .filter(p ->
                        graph.consumers(p).stream().allMatch(n -> layer.nodes().contains(n.name())))
                .toList();
    }

    static Stream<String> controls() {
        return cases().map(arguments -> (String) arguments.get()[0]).distinct();
    }

    /** A branch that is cut out but not masked must betray itself, whichever it is. */
    @ParameterizedTest
    @MethodSource("controls")
    void aBranchThatIsNotMaskedMakesTheProofFail(String name) {
        Graph graph = ConformanceGraphs.graph(name);
        Layers layers = Layers.of(graph);
        try (Model model = RandomModel.calibrated(ChannelGroups.trace(graph), Mask.all(), 3);
                Scope scope = Scope.open()) {
            Layer layer = layers.removable().get(layers.removable().size() / 2);
            Graph smaller = LayerCut.of(graph, List.of(layer));
            Map<String, Tensor> left = new HashMap<>(model.weights().asMap());
            left.keySet().retainAll(smaller.parameters().keySet());
            assertThat(new EqualityProof(graph, model.weights().asMap(), smaller, left)
                            .compare(Samples.normal(graph, 5))
                            .passed())
                    .isFalse();
        }
    }

    /** x [N, 4] with branches that are no chain: y = relu(x w1), y + z for z = y w2, then the output. */
    private static Graph.Builder small() {
        return Graph.builder("small")
                .input("x", TensorType.f32(-1, 4))
                .parameter("w1", TensorType.f32(4, 4))
                .parameter("w2", TensorType.f32(4, 4))
                .node("first", new MatMul(), "x", "w1")
                .node("y", new Relu(), "first");
    }

    @Test
    void aSumThatIsAnOutputKeepsItsName() {
        Graph graph = small().node("z", new MatMul(), "y", "w2")
                .node("sum", new Add(), "z", "y")
                .output("sum")
                .build();
        Layers layers = Layers.of(graph);
        assertThat(layers.removable()).containsExactly(new Layer("sum", "z", "y", List.of("z"), List.of("w2")));
        Graph left = layers.without(Set.of("sum"));
        assertThat(left.outputs()).containsExactly("sum");
        assertThat(left.parameters().keySet()).containsExactly("w1");
    }

    @Test
    void whatIsUsedElsewhereIsNoBranch() {
        Graph graph = small().node("z", new MatMul(), "y", "w2")
                .node("sum", new Add(), "z", "y")
                .output("sum")
                .output("z")
                .build();
        assertThat(Layers.of(graph).removable()).isEmpty();
        assertThat(Layers.of(graph).frozen()).containsExactly(new Frozen("sum", "neither side has weights of its own"));
    }

    @Test
    void anOutputKeepsAllInputsThatItDependsOn() {
        Graph graph = small().input("other", TensorType.f32(-1, 4))
                .node("z", new MatMul(), "other", "w2")
                .node("sum", new Add(), "z", "y")
                .node("again", new Add(), "sum", "y")
                .output("again")
                .build();
        assertThat(Layers.of(graph).removable()).isEmpty();
        assertThat(Layers.of(graph).frozen())
                .anySatisfy(f -> assertThat(f.reason()).contains("'again' does not depend on input 'other' any more"));
    }

    /** Two branches of one value, the one added after the other: each can go, and both. */
    @Test
    void branchesBesideEachOtherGoOneByOne() {
        Graph graph = small().parameter("w3", TensorType.f32(4, 4))
                .node("f", new MatMul(), "y", "w2")
                .node("g", new MatMul(), "y", "w3")
                .node("inner", new Add(), "y", "f")
                .node("outer", new Add(), "inner", "g")
                .output("outer")
                .build();
        Layers layers = Layers.of(graph);
        assertThat(layers.removable()).extracting(Layer::id).containsExactly("inner", "outer");
        assertThat(layers.without(Set.of("outer")).parameters().keySet()).containsExactly("w1", "w2");
        assertThat(layers.without(Set.of("inner")).parameters().keySet()).containsExactly("w1", "w3");
        assertThat(layers.without(Set.of("inner", "outer")).parameters().keySet())
                .containsExactly("w1");
    }

    @Test
    void ignoredNodesKeepTheirLayers() {
        Graph graph = architecture("resnet20");
        Layer first = Layers.of(graph).removable().get(0);
        Layers spared = Layers.of(graph, Set.of(first.nodes().get(0)));
        assertThat(spared.removable()).hasSize(6).noneMatch(layer -> layer.id().equals(first.id()));
        assertThat(spared.frozen()).anySatisfy(f -> assertThat(f.reason()).contains("ignored by request"));
    }

    @Test
    void aMaskNamesLayersThatCanGo() {
        Graph graph = architecture("resnet20");
        ChannelGroups groups = ChannelGroups.trace(graph);
        assertThatThrownBy(() -> Mask.ofLayers(Set.of("conv1")).check(groups))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("'conv1'");
        String projected = Layers.of(graph).frozen().get(0).node();
        assertThatThrownBy(() -> Mask.ofLayers(Set.of(projected)).check(groups))
                .hasMessageContaining("both sides have weights of their own");
        Mask one = Mask.ofLayers(Set.of(Layers.of(graph).removable().get(0).id()));
        assertThat(Mask.all().narrow(one).narrow(Mask.all()).layers()).isEqualTo(one.layers());
    }

    private static Policy policy(Criterion criterion, Budget budget) {
        return Policy.of(criterion, Pattern.LAYER, ScoreScope.GLOBAL, budget);
    }

    private static Mask pruned(Graph graph, Evidence evidence, Criterion criterion, Budget budget) {
        return new Pruner(graph, policy(criterion, budget)).next(Mask.all(), evidence);
    }

    /** Half of the 27 blocks' 25 that can go, and half of the multiply-accumulates. */
    @Test
    void halfOfResnet56() {
        Graph graph = architecture("resnet56");
        try (Model model = RandomModel.of(graph, 5)) {
            Evidence evidence = Evidence.ofWeights(model.weights().asMap());
            Mask half = pruned(graph, evidence, Criterion.L2, Budget.of(0.5, Budget.Of.LAYERS));
            assertThat(half.layers()).hasSize(12);
            ChannelGroups groups = ChannelGroups.trace(graph);
            try (Compacted compacted = Compaction.compact(model, groups, half)) {
                Size after = compacted.outcome().after();
                // Every block of 32x32 pixels with 16 channels costs as much as one of the later stages.
                assertThat(after.macs()).isEqualTo(graph.macs() - 12L * 2 * 16 * 16 * 9 * 32 * 32);
            }
            Mask macs = pruned(graph, evidence, Criterion.L2, Budget.of(0.5, Budget.Of.MACS));
            long left = Layers.of(graph).without(macs.layers()).macs();
            assertThat(left).isLessThanOrEqualTo(graph.macs() / 2);
            assertThat(left + 2 * 16 * 16 * 9 * 32 * 32).isGreaterThan(graph.macs() / 2);
        }
    }

    @ParameterizedTest
    @EnumSource(Criterion.class)
    void theLowestScoresGoFirst(Criterion criterion) {
        if (!criterion.scores(Pattern.LAYER)) {
            assertThatThrownBy(() -> policy(criterion, Budget.of(0.5, Budget.Of.LAYERS)))
                    .hasMessageContaining("cannot score layers");
            return;
        }
        Graph graph = architecture("resnet20");
        Layers layers = Layers.of(graph);
        try (Model model = RandomModel.of(graph, 5);
                Scope scope = Scope.open()) {
            Map<String, Tensor> scaled = new LinkedHashMap<>(model.weights().asMap());
            Map<String, Tensor> changes = new HashMap<>();
            // The first layers are made the least important, whatever is looked at.
            for (int i = 0; i < layers.removable().size(); i++) {
                Layer layer = layers.removable().get(i);
                double factor = i < 3 ? 1e-3 : 1;
                for (String node : layer.nodes()) {
                    for (String parameter : graph.node(node).inputs()) {
                        scaled.computeIfPresent(parameter, (p, t) -> graph.isStatistic(p) ? t : t.mul(factor));
                    }
                }
                changes.put(layer.id(), Tensor.of(new float[] {(float) factor}, 1));
            }
            Evidence evidence = Evidence.ofWeights(scaled);
            for (Measure measure : Measure.values()) {
                if (measure == Measure.LAYER_CHANGES) {
                    evidence = evidence.with(measure, changes);
                } else if (!measure.isByGroup() && measure != Measure.FLOW_GRADIENTS) {
                    Map<String, Tensor> magnitudes = new LinkedHashMap<>();
                    scaled.forEach(
                            (name, tensor) -> magnitudes.put(name, tensor.abs().neg()));
                    boolean signed = criterion == Criterion.MOVEMENT || criterion == Criterion.GRASP;
                    magnitudes.replaceAll((name, t) -> signed ? t.abs() : t.neg());
                    evidence = evidence.with(measure, magnitudes);
                }
            }
            Mask mask = pruned(graph, evidence, criterion, Budget.of(0.45, Budget.Of.LAYERS));
            assertThat(mask.layers()).hasSize(3);
            boolean drawn =
                    criterion == Criterion.RANDOM || criterion == Criterion.MOVEMENT || criterion == Criterion.GRASP;
            if (!drawn) {
                assertThat(mask.layers())
                        .containsExactlyInAnyOrderElementsOf(layers.removable().subList(0, 3).stream()
                                .map(Layer::id)
                                .toList());
            }
            Mask further = new Pruner(graph, policy(criterion, Budget.of(0.9, Budget.Of.LAYERS))).next(mask, evidence);
            assertThat(further.layers()).hasSize(6).containsAll(mask.layers());
        }
    }

    @Test
    void changesAreTheShareOfTheBranchInTheSum() {
        Graph graph = small().node("z", new MatMul(), "y", "w2")
                .node("sum", new Add(), "z", "y")
                .output("sum")
                .build();
        float[] identity = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
        float[] tripled = new float[16];
        for (int i = 0; i < 16; i++) {
            tripled[i] = 3 * identity[i];
        }
        try (Scope scope = Scope.open()) {
            LayerChanges changes = new LayerChanges(Layers.of(graph));
            Map<String, Tensor> weights = Map.of("w1", Tensor.of(identity, 4, 4), "w2", Tensor.of(tripled, 4, 4));
            Map<String, Tensor> inputs = Map.of("x", Tensor.of(new float[] {1, 2, 0, 0, 5, 0, 1, 1}, 2, 4));
            Execution.run(graph, weights, inputs, Evaluation.INFERENCE, changes);
            // 3 y of 4 y.
            assertThat(changes.result().values().iterator().next().item()).isCloseTo(0.75, within(1e-6));
        }
    }

    @Test
    void targetsBeyondWhatCanGoAreRefused() {
        Graph graph = architecture("resnet20");
        try (Model model = RandomModel.of(graph, 5)) {
            Evidence evidence = Evidence.ofWeights(model.weights().asMap());
            assertThatThrownBy(() -> pruned(graph, evidence, Criterion.L1, Budget.of(0.95, Budget.Of.MACS)))
                    .isInstanceOf(PruningException.class)
                    .hasMessageContaining("without all 7 that can go together");
            Graph chain =
                    Models.layers("vgg16bn", Shape.of(3, 32, 32), 10, 0.25).graph();
            assertThatThrownBy(() -> pruned(chain, evidence, Criterion.L1, Budget.of(0.5, Budget.Of.LAYERS)))
                    .hasMessageContaining("has no layers that may be removed");
            assertThatThrownBy(() -> policy(Criterion.L1, Budget.of(0.5, Budget.Of.CHANNELS)))
                    .hasMessageContaining("use LAYERS");
            assertThatThrownBy(() ->
                            Policy.of(Criterion.L1, Pattern.LAYER, ScoreScope.LOCAL, Budget.of(0.5, Budget.Of.LAYERS)))
                    .hasMessageContaining("use scope GLOBAL");
        }
    }

    /** Layers first, then channels of what is left. */
    @Test
    void channelsGoAfterLayers() {
        Graph graph = architecture("resnet20");
        try (Model model = RandomModel.calibrated(ChannelGroups.trace(graph), Mask.all(), 5);
                Compacted shallow = Compaction.compact(
                        model, ChannelGroups.trace(graph), Mask.ofLayers(some(Layers.of(graph), 0.5, 1)))) {
            ChannelGroups groups = ChannelGroups.trace(shallow.model().graph());
            try (Compacted narrow = Compaction.compact(shallow.model(), groups, RandomModel.mask(groups, 0.5, 3))) {
                assertThat(narrow.outcome().check().passed()).isTrue();
                assertThat(narrow.outcome().after().macs())
                        .isLessThan(shallow.outcome().after().macs() / 2);
            }
        }
    }

    /** A mask of both at once means the same. */
    @Test
    void layersAndChannelsGoTogether() {
        Graph graph = architecture("resnet20");
        ChannelGroups groups = ChannelGroups.trace(graph);
        Mask both = RandomModel.mask(groups, 0.5, 3).narrow(Mask.ofLayers(some(Layers.of(graph), 0.5, 1)));
        try (Model model = RandomModel.calibrated(groups, Mask.all(), 5);
                Compacted compacted = Compaction.compact(model, groups, both)) {
            assertThat(compacted.outcome().check().passed()).isTrue();
            assertThat(compacted.outcome().layers()).hasSize(4);
            List<Node> sums = compacted.model().graph().nodes().stream()
                    .filter(node -> node.op() instanceof Add)
                    .toList();
            assertThat(sums).hasSize(5);
        }
    }
}
