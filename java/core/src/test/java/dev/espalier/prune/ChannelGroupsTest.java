package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.graph.Graph;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Models;
import dev.espalier.op.Add;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Evaluation;
import dev.espalier.op.MatMul;
import dev.espalier.op.Mul;
import dev.espalier.op.Op;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.Softmax;
import dev.espalier.op.TensorType;
import dev.espalier.op.Transpose;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelGroupsTest {
    /** An operator that nobody has taught to trace. */
    private record Mystery() implements Op {
        @Override
        public Map<String, Attribute> attributes() {
            return Map.of();
        }

        @Override
        public List<TensorType> infer(List<TensorType> in) {
            return List.of(in.get(0));
        }

        @Override
        public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
            throw new IllegalStateException("never evaluated");
        }
    }

    private static ChannelGroup groupOf(Graph graph, String producer) {
        return ChannelGroups.trace(graph).groups().stream()
                .filter(g -> g.producers().contains(producer))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> places(ChannelGroup group) {
        return group.members().stream().map(m -> m.parameter() + "@" + m.axis()).toList();
    }

    private static IndexMap at(ChannelGroup group, String parameter, int axis) {
        return group.members().stream()
                .filter(m -> m.parameter().equals(parameter) && m.axis() == axis)
                .findFirst()
                .orElseThrow()
                .indices();
    }

    /** Moving channels about costs none of them: what stays are the outputs. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "unevenSplit",
                "splitBottleneck",
                "gatedLinearUnit",
                "channelSlice",
                "stridedSlices",
                "croppedChannels",
                "pixelShuffle",
                "depthToSpace",
                "spaceToDepth",
                "tiled",
                "interleaved",
                "upsampled"
            })
    void movedChannelsAreFree(String pattern) {
        ChannelGroups groups = ChannelGroups.trace(
                Objects.requireNonNull(Networks.PATTERNS.get(pattern)).get());
        assertThat(groups.frozen()).extracting(Frozen::node).containsOnly("fc");
    }

    @Test
    void aChannelOfAChainLeavesItsFilterItsBiasAndTheNextWeight() {
        ChannelGroup group = groupOf(Networks.chain(), "conv1");
        assertThat(group.id()).isEqualTo("conv1");
        assertThat(group.channels()).isEqualTo(8);
        assertThat(group.prunable()).isTrue();
        assertThat(places(group)).containsExactlyInAnyOrder("conv1.weight@0", "conv1.bias@0", "conv2.weight@1");
    }

    @Test
    void normalisationGoesWithItsChannelAndResidualBranchesGoTogether() {
        ChannelGroup group = groupOf(Networks.residual(), "conv1");
        assertThat(group.producers()).containsExactly("conv1", "conv3");
        assertThat(places(group))
                .containsExactlyInAnyOrder(
                        "conv1.weight@0",
                        "norm1.scale@0",
                        "norm1.bias@0",
                        "norm1.mean@0",
                        "norm1.variance@0",
                        "conv2.weight@1",
                        "conv3.weight@0",
                        "norm3.scale@0",
                        "norm3.bias@0",
                        "norm3.mean@0",
                        "norm3.variance@0",
                        "conv4.weight@1",
                        "conv6.weight@1");
    }

    @Test
    void eachStageOfAResidualNetworkIsOneGroupBesideTheInnerOnesOfItsBlocks() {
        ChannelGroups groups = ChannelGroups.trace(
                Models.layers("resnet56", Shape.of(3, 32, 32), 10, 1).graph());
        assertThat(groups.prunable()).hasSize(3 + 27);
        assertThat(groups.prunable().stream()
                        .filter(g -> g.producers().size() > 1)
                        .mapToInt(ChannelGroup::channels))
                .containsExactly(16, 32, 64);
        assertThat(groups.groups().get(0).producers()).hasSize(10);
    }

    @Test
    void flattenGivesEachChannelARunOfColumns() {
        IndexMap columns = at(groupOf(Networks.flatten(), "conv1"), "dense1.weight", 1);
        assertThat(columns.channels()).isEqualTo(5);
        assertThat(columns.copies()).isEqualTo(4);
        assertThat(columns.isRun()).isTrue();
        assertThat(columns.of(2)).containsExactly(8, 9, 10, 11);
    }

    @Test
    void flattenWithTheChannelsLastGivesEachChannelEveryFifthColumn() {
        IndexMap columns = at(groupOf(Networks.flattenChannelsLast(), "conv"), "fc.weight", 1);
        assertThat(columns.isRun()).isFalse();
        assertThat(columns.of(3))
                .isEqualTo(IntStream.range(0, 36).map(i -> 5 * i + 3).toArray());
    }

    @Test
    void concatenatedBranchesStaySeparateGroups() {
        Graph graph = Networks.concat();
        assertThat(at(groupOf(graph, "conv1"), "conv4.weight", 1).all()).containsExactly(0, 1, 2, 3, 4);
        assertThat(at(groupOf(graph, "conv2"), "conv4.weight", 1).all()).containsExactly(5, 6, 7, 8, 9, 10, 11);
    }

    @Test
    void aSumSplitsItsGroupWhereItsOperandsDiffer() {
        Graph graph = Networks.concatThenAdd();
        assertThat(groupOf(graph, "a").producers()).containsExactly("a", "c");
        assertThat(groupOf(graph, "a").channels()).isEqualTo(5);
        assertThat(at(groupOf(graph, "b"), "c.weight", 0).all()).containsExactly(5, 6, 7);
    }

    @Test
    void depthwiseFiltersFollowTheirInput() {
        ChannelGroup group = groupOf(Networks.depthwise(2), "conv1");
        assertThat(group.producers()).containsExactly("conv1", "conv2");
        assertThat(at(group, "conv2.weight", 0).of(1)).containsExactly(2, 3);
        assertThat(places(group)).contains("norm1.scale@0", "conv3.weight@1").doesNotContain("conv2.weight@1");
    }

    @Test
    void groupedConvolutionsLoseTheSamePlaceInEveryGroup() {
        Graph graph = Networks.grouped();
        assertThat(at(groupOf(graph, "conv1"), "conv1.weight", 0).of(1)).containsExactly(1, 5);
        assertThat(at(groupOf(graph, "conv1"), "conv2.weight", 1).of(1)).containsExactly(1);
        assertThat(at(groupOf(graph, "conv2"), "conv2.weight", 0).of(2)).containsExactly(2, 8);
    }

    @Test
    void aChannelShuffleLosesWholeRowsOrColumnsAndFollowsTheData() {
        List<ChannelGroup> groups = ChannelGroups.trace(Networks.shuffle()).prunable();
        ChannelGroup rows = groups.get(0);
        assertThat(rows.channels()).isEqualTo(2);
        assertThat(at(rows, "conv.weight", 0).of(1)).containsExactly(4, 5, 6, 7);
        assertThat(at(rows, "next.weight", 1).of(1)).containsExactly(1, 3, 5, 7);
        ChannelGroup columns = groups.get(1);
        assertThat(columns.channels()).isEqualTo(4);
        assertThat(at(columns, "conv.weight", 0).of(1)).containsExactly(1, 5);
        assertThat(at(columns, "next.weight", 1).of(1)).containsExactly(2, 3);
    }

    @Test
    void attentionLosesHeadsAndHeadDimensions() {
        ChannelGroups groups = ChannelGroups.trace(Networks.attention());
        assertThat(groups.prunable().stream()
                        .map(g -> g.channels() + " " + g.producers().size()))
                .containsExactlyInAnyOrder("4 3", "6 2", "6 1", "8 1");
        ChannelGroup heads = groups.prunable().stream()
                .filter(g -> g.channels() == 4)
                .findFirst()
                .orElseThrow();
        assertThat(places(heads))
                .contains("query.weight@1", "key.bias@0", "value.weight@1", "out.weight@0")
                .doesNotContain("out.weight@1");
        assertThat(at(heads, "out.weight", 0).of(1)).containsExactly(6, 7, 8, 9, 10, 11);
    }

    @Test
    void anOuterProductLosesRowsAndColumns() {
        ChannelGroups groups = ChannelGroups.trace(Networks.outerProduct());
        assertThat(groups.prunable()).extracting(ChannelGroup::id).containsExactly("a", "b");
        assertThat(at(groups.prunable().get(1), "fc.weight", 1).of(2)).containsExactly(2, 8, 14, 20, 26);
    }

    @Test
    void normalisationOverChannelsIsDeclaredAndCanBeRefused() {
        Graph graph = Networks.layerNorm();
        ChannelGroup group = groupOf(graph, "up.product");
        assertThat(group.prunable()).isTrue();
        assertThat(group.approximation())
                .isEqualTo("node 'normed' (LayerNormalization) takes its mean and variance over these channels");
        ChannelGroups exact = ChannelGroups.trace(graph, Set.of(), true);
        assertThat(exact.frozen().get(0).reason()).endsWith("and only exact removals are allowed");
        assertThat(exact.prunable()).extracting(ChannelGroup::id).containsExactly("down.product");
    }

    @Test
    void zeroChannelsOfAWidenedShortcutGoWithTheBranch() {
        Graph graph = Networks.paddedShortcut();
        assertThat(groupOf(graph, "stem").producers()).containsExactly("stem", "branch");
        List<ChannelGroup> padded = ChannelGroups.trace(graph).prunable().stream()
                .filter(g -> g.producers().equals(List.of("branch")))
                .toList();
        assertThat(padded).hasSize(1);
        assertThat(at(padded.get(0), "head.weight", 1).all()).containsExactly(0, 1, 6, 7);
    }

    @Test
    void aGateGoesWithTheChannelsThatItScales() {
        assertThat(groupOf(Networks.squeezeExcite(), "conv").producers()).containsExactly("conv", "up");
    }

    @Test
    void transposedConvolutionsReadTheFirstWeightAxis() {
        assertThat(places(groupOf(Networks.transposed(1, 6), "conv"))).contains("up.weight@0");
        assertThat(places(groupOf(Networks.transposed(1, 6), "up")))
                .containsExactlyInAnyOrder("up.weight@1", "up.bias@0", "fc.weight@1");
        assertThat(at(groupOf(Networks.transposed(2, 8), "up"), "up.bias", 0).of(1))
                .containsExactly(1, 5);
        assertThat(at(groupOf(Networks.transposed(6, 12), "conv"), "up.bias", 0).of(1))
                .containsExactly(2, 3);
    }

    @Test
    void aSharedWeightTiesWhatBothUsesReadAndWrite() {
        Graph graph = Networks.sharedWeight();
        assertThat(groupOf(graph, "a").producers()).containsExactly("a", "b");
        ChannelGroup out = groupOf(graph, "left");
        assertThat(out.producers()).containsExactly("left", "right");
        assertThat(at(out, "fc.weight", 1).copies()).isEqualTo(72);
    }

    @Test
    void aTransposedWeightIsCutOnItsOwnAxes() {
        ChannelGroup group = groupOf(Networks.matmul(), "up");
        assertThat(places(group)).containsExactlyInAnyOrder("up.weight@0", "up.bias@0", "fc.weight@1");
        assertThat(at(group, "fc.weight", 1).of(1)).containsExactly(1, 10, 19, 28, 37);
    }

    @Test
    void theChannelsOfGraphOutputsStay() {
        ChannelGroups groups = ChannelGroups.trace(Networks.chain());
        assertThat(groups.frozen()).containsExactly(new Frozen("dense1", "graph output 'logits' keeps its channels"));
        assertThat(groups.prunable()).extracting(ChannelGroup::id).containsExactly("conv1", "conv2");
    }

    @Test
    void ignoredNodesKeepTheirChannelsButFollowTheirInputs() {
        ChannelGroups groups = ChannelGroups.trace(Networks.chain(), Set.of("conv2"));
        assertThat(groups.frozen()).contains(new Frozen("conv2", "node 'conv2' is ignored by request"));
        assertThat(groups.prunable()).extracting(ChannelGroup::id).containsExactly("conv1");
        assertThatThrownBy(() -> ChannelGroups.trace(Networks.chain(), Set.of("conv")))
                .isInstanceOf(PruningException.class)
                .hasMessageContaining("'conv'")
                .hasMessageContaining("'conv1'");
    }

    @Test
    void anUntaughtOperatorFreezesOnlyWhatReachesIt() {
        Graph graph = ModelBuilder.of("net", Shape.of(3, 6, 6))
                .conv(8, 3)
                .conv(5, 3)
                .op("odd", new Mystery())
                .flatten()
                .dense(6)
                .dense(4)
                .graph();
        ChannelGroups groups = ChannelGroups.trace(graph);
        assertThat(groups.frozen()).contains(new Frozen("conv2", "node 'odd1' (Mystery) has no channel rule"));
        assertThat(groups.prunable()).extracting(ChannelGroup::id).containsExactly("conv1", "dense1");
    }

    @Test
    void operatorsThatMixChannelsFreezeThem() {
        ModelBuilder first = ModelBuilder.of("net", Shape.of(3, 6, 6)).conv(8, 3);
        ChannelGroups groups = ChannelGroups.trace(first.op("soft", new Softmax(1))
                .conv(5, 1)
                .op("soft", new Softmax(1))
                .flatten()
                .dense(4)
                .graph());
        assertThat(groups.prunable()).isEmpty();
        assertThat(groups.frozen())
                .contains(new Frozen("conv1", "node 'soft1' (Softmax) mixes the channels of axis 1"))
                .contains(new Frozen("conv2", "node 'soft2' (Softmax) mixes the channels of axis 1"));
    }

    @Test
    void aSumWithTheInputFreezesTheBranch() {
        Graph graph = ModelBuilder.of("net", Shape.of(3, 6, 6))
                .residual(b -> b.conv(8, 3, 1, 1).conv(3, 3, 1, 1), s -> {})
                .conv(4, 3)
                .flatten()
                .dense(4)
                .graph();
        ChannelGroups groups = ChannelGroups.trace(graph);
        assertThat(groups.prunable()).extracting(ChannelGroup::id).containsExactly("conv1", "conv3");
        assertThat(groups.frozen().get(0).reason()).contains("'add1' (" + new Add().type() + ")");
    }

    @Test
    void normalisationOfAConcatenationBelongsToManyGroups() {
        Graph graph = Networks.denseBlock();
        assertThat(ChannelGroups.trace(graph).prunable())
                .extracting(ChannelGroup::id)
                .containsExactly("conv1", "conv2", "conv3");
        assertThat(at(groupOf(graph, "conv2"), "norm3.scale", 0).all()).containsExactly(6, 7, 8, 9);
    }

    @Test
    void aProductOfTwoComputedValuesLosesWhatVanishesInOneOfThem() {
        Graph.Builder graph =
                Graph.builder("attention").input("x", TensorType.f32(-1, 5, 6)).output("scores");
        for (String name : List.of("query", "key", "value")) {
            graph.parameter(name + ".weight", TensorType.f32(6, 4)).node(name, new MatMul(), "x", name + ".weight");
        }
        for (String name : List.of("left", "right")) {
            graph.parameter(name + ".weight", TensorType.f32(6, 3))
                    .node(name + "Rows", new MatMul(), "x", name + ".weight")
                    .node(name, new Sigmoid(), name + "Rows");
        }
        graph.node("turned", new Transpose(Ints.of(0, 2, 1)), "key")
                .node("product", new MatMul(), "query", "turned")
                .node("across", new Transpose(Ints.of(0, 2, 1)), "right")
                .node("gates", new MatMul(), "left", "across")
                .node("gated", new Mul(), "product", "gates")
                .node("weights", new Softmax(-1), "gated")
                .node("mixed", new MatMul(), "weights", "value")
                .parameter("out.weight", TensorType.f32(4, 6))
                .node("scores", new MatMul(), "mixed", "out.weight");
        ChannelGroups groups = ChannelGroups.trace(graph.build());
        String reason =
                "node 'gates' (MatMul) sums products of two values over channels that masking leaves different from zero";
        assertThat(groups.frozen()).contains(new Frozen("leftRows", reason), new Frozen("rightRows", reason));
        assertThat(groups.prunable()).extracting(ChannelGroup::id).containsExactly("query+key", "value");
    }

    @Test
    void everyIndexOfAMemberBelongsToOneChannelOfItsGroup() {
        Networks.PATTERNS.forEach((name, pattern) -> {
            Graph graph = pattern.get();
            ChannelGroups groups = ChannelGroups.trace(graph);
            graph.parameters().forEach((parameter, type) -> {
                for (int axis = 0; axis < type.rank(); axis++) {
                    int place = axis;
                    for (ChannelGroup group : groups.groups()) {
                        List<Long> indices = group.members().stream()
                                .filter(m -> m.parameter().equals(parameter) && m.axis() == place)
                                .flatMapToInt(m -> IntStream.of(m.indices().all()))
                                .asLongStream()
                                .boxed()
                                .toList();
                        assertThat(indices)
                                .as(name + " " + parameter + " " + axis)
                                .doesNotHaveDuplicates();
                        assertThat(indices).allMatch(i -> i < type.dim(place));
                    }
                }
            });
        });
    }
}
