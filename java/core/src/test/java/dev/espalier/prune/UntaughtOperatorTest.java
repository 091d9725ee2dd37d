package dev.espalier.prune;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.op.Attribute;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Op;
import dev.espalier.op.Pad;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What an operator without a channel rule freezes, in every graph of the conformance suite. */
@NoLeaks
class UntaughtOperatorTest {
    /** An operator that nobody taught how channels go through it. */
    private record Untaught() implements Op {
        @Override
        public Map<String, Attribute> attributes() {
            return Map.of();
        }

        @Override
        public List<TensorType> infer(List<TensorType> in) {
            return in;
        }

        @Override
        public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
            return List.of(requireNonNull(in.get(0)).mul(1));
        }
    }

    static Stream<Arguments> graphs() {
        return ConformanceGraphs.cases(ConformanceGraphs.names());
    }

    /** An unknown operator is named, freezes the groups that reach it and leaves all others as they were. */
    @ParameterizedTest(name = "{0} without {1}, seed {2}")
    @MethodSource("graphs")
    void anUntaughtOperatorFreezesItsOwnGroupsOnly(String name, double ratio, int seed) {
        Graph graph = ConformanceGraphs.graph(name);
        ChannelGroups before = ChannelGroups.trace(graph);
        Node producer = graph.node(before.prunable().get(0).producers().get(0));
        String value = producer.outputs().get(0);
        Graph strange = graph.with(
                graph.nodes().stream()
                        .flatMap(node -> node.name().equals(producer.name())
                                ? Stream.of(
                                        renamed(node, value),
                                        new Node("strange", new Untaught(), List.of("before"), List.of(value)))
                                : Stream.of(node))
                        .toList(),
                graph.parameters());
        ChannelGroups after = ChannelGroups.trace(strange);
        assertThat(after.frozen())
                .anySatisfy(frozen -> assertThat(frozen.reason()).contains("'strange' (Untaught) has no channel rule"));
        Set<String> reached = groupsOn(before, value);
        // A border laid around channels that are fixed is fixed like them.
        for (Node node : graph.nodes()) {
            Set<String> around = groupsOn(before, node.outputs().get(0));
            if (node.op() instanceof Pad && !Collections.disjoint(around, reached)) {
                reached.addAll(around);
            }
        }
        Set<Member> prunable = new HashSet<>();
        after.prunable().forEach(group -> prunable.addAll(group.members()));
        before.prunable().stream()
                .filter(group -> !reached.contains(group.id()))
                .forEach(group -> assertThat(prunable).as(group.id()).containsAll(group.members()));
        Mask mask = RandomModel.mask(after, ratio, 7 + seed);
        if (!after.prunable().isEmpty()) {
            try (Model model = RandomModel.calibrated(after, mask, 3 + seed);
                    Compacted compacted = Compaction.compact(model, after, mask)) {
                assertThat(compacted.outcome().check().passed()).isTrue();
            }
        }
    }

    /** Groups of which a value carries channels. */
    private static Set<String> groupsOn(ChannelGroups groups, String value) {
        Set<String> on = new HashSet<>();
        TensorType type = groups.graph().type(value);
        for (int axis = 0; axis < type.rank(); axis++) {
            for (int i = 0; i < type.dim(axis); i++) {
                groups.channelsOf(value, axis, i)
                        .forEach(channel -> on.add(channel.group().id()));
            }
        }
        return on;
    }

    private static Node renamed(Node node, String value) {
        List<String> results =
                node.outputs().stream().map(o -> o.equals(value) ? "before" : o).toList();
        return new Node(node.name(), node.op(), node.inputs(), results);
    }
}
