package dev.espalier.prune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.Conv;
import dev.espalier.op.Flatten;
import dev.espalier.op.Gather;
import dev.espalier.op.Gemm;
import dev.espalier.op.GroupNormalization;
import dev.espalier.op.Op;
import dev.espalier.op.Pointwise;
import dev.espalier.op.Relu;
import dev.espalier.op.Squeeze;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.runtime.testing.NoLeaks;
import org.junit.jupiter.api.Test;

/** Rules that only one operator, or one setting of it, has. */
@NoLeaks
class ChannelRuleTest {
    private static Graph.Builder image() {
        return Graph.builder("rule")
                .input("x", TensorType.f32(-1, 2, 5, 5))
                .parameter("w1", TensorType.f32(4, 2, 3, 3))
                .node("conv1", new Conv(Window.square(3, 1, 1), 1), "x", "w1");
    }

    /** As {@link #image}, an operator, and another convolution. */
    private static Graph between(Op op, String... more) {
        String[] inputs = new String[1 + more.length];
        inputs[0] = "r";
        System.arraycopy(more, 0, inputs, 1, more.length);
        Graph.Builder graph = image().node("r", new Relu(), "conv1");
        for (String parameter : more) {
            graph.parameter(parameter, TensorType.f32(4));
        }
        return graph.parameter("w2", TensorType.f32(3, 4, 1, 1))
                .node("op", op, inputs)
                .node("y", new Conv(Window.square(1, 1, 0), 1), "op", "w2")
                .output("y")
                .build();
    }

    private static String reason(ChannelGroups groups, String node) {
        return groups.frozen().stream()
                .filter(frozen -> frozen.node().equals(node))
                .map(Frozen::reason)
                .findFirst()
                .orElse("");
    }

    @Test
    void channelsThatWouldBecomeInfiniteStay() {
        for (String function : new String[] {"reciprocal", "log"}) {
            ChannelGroups groups = ChannelGroups.trace(between(Pointwise.of(function)));
            assertThat(groups.prunable()).as(function).isEmpty();
            assertThat(reason(groups, "conv1")).contains("masking makes zero");
        }
        assertThat(ChannelGroups.trace(between(Pointwise.of("exp"))).prunable()).hasSize(1);
    }

    /** With a group for each channel nothing else enters its statistics, so its removal is exact. */
    @Test
    void everyChannelMayBeAGroupOfItsOwn() {
        Graph graph = between(new GroupNormalization(4, 1e-5f), "scale", "bias");
        ChannelGroups groups = ChannelGroups.trace(graph);
        assertThat(groups.prunable()).hasSize(1);
        assertThat(groups.prunable().get(0).approximation()).isEmpty();
        Mask mask = RandomModel.mask(groups, 0.5, 3);
        try (Model model = RandomModel.of(graph, 2);
                Compacted compacted = Compaction.compact(model, groups, mask)) {
            assertThat(compacted.outcome().check().passed()).isTrue();
            assertThat(compacted.outcome().approximations()).isEmpty();
            assertThat(compacted.model().graph().node("op").op()).isEqualTo(new GroupNormalization(2, 1e-5f));
        }
    }

    /** A list of one index takes one channel, as a single index does. */
    @Test
    void aChannelTakenAloneStays() {
        Graph graph = image().node("r", new Relu(), "conv1")
                .parameter("w2", TensorType.f32(3, 4, 1, 1))
                .node("other", new Conv(Window.square(1, 1, 0), 1), "r", "w2")
                .node("one", new Gather(1, TensorValue.of(new long[] {2}, 1)), "r")
                .node("plane", new Squeeze(Ints.of(1)), "one")
                .node("flat", new Flatten(1), "plane")
                .parameter("w3", TensorType.f32(2, 25))
                .parameter("b3", TensorType.f32(2))
                .node("y", Gemm.DENSE, "flat", "w3", "b3")
                .output("y")
                .output("other")
                .build();
        ChannelGroups groups = ChannelGroups.trace(graph);
        for (int seed = 0; seed < 4; seed++) {
            Mask mask = RandomModel.mask(groups, 0.5, seed);
            try (Model model = RandomModel.of(graph, 2);
                    Compacted compacted = Compaction.compact(model, groups, mask)) {
                assertThat(compacted.outcome().check().passed()).isTrue();
                assertThat(compacted.model().graph().parameters().get("w1")).isNotEqualTo(TensorType.f32(4, 2, 3, 3));
            }
        }
        assertThat(groups.frozen()).isNotEmpty();
    }
}
