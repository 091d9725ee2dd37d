package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.ChannelIds;
import dev.espalier.op.ChannelTrace;
import dev.espalier.op.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** One run of a graph on channel ids: it lets every node's rule speak and remembers what was tied, produced and frozen. */
final class ChannelTracer {
    /** Reason of a freeze, without the node when the graph itself is the reason. */
    private final Map<Integer, String> frozen = new HashMap<>();

    private final Graph graph;
    private final UnionFind classes = new UnionFind();
    private final Map<String, ChannelIds> ids = new HashMap<>();
    private final Set<String> weights = new HashSet<>();
    private final Map<Integer, List<String>> producers = new LinkedHashMap<>();

    private ChannelTracer(Graph graph) {
        this.graph = graph;
    }

    static ChannelTracer run(Graph graph, Set<String> ignored) {
        ChannelTracer tracer = new ChannelTracer(graph);
        graph.inputs().forEach((value, type) -> tracer.ids.put(value, ChannelIds.fixed(type.rank())));
        graph.parameters().forEach(tracer::enter);
        for (Node node : graph.nodes()) {
            for (String value : node.outputs()) {
                tracer.ids.put(value, ChannelIds.fixed(graph.type(value).rank()));
            }
            node.op().trace(tracer.new View(node, ignored.contains(node.name())));
        }
        for (String output : graph.outputs()) {
            tracer.freezeOutput(output);
        }
        return tracer;
    }

    private void enter(String parameter, TensorType type) {
        ChannelIds own = ChannelIds.fixed(type.rank());
        for (int axis = 0; axis < type.rank(); axis++) {
            own = own.with(axis, fresh(Math.toIntExact(type.dim(axis))));
        }
        ids.put(parameter, own);
        weights.add(parameter);
    }

    private void freezeOutput(String value) {
        ChannelIds own = idsOf(value);
        for (int axis = 0; axis < own.rank(); axis++) {
            freeze(own.at(axis), "graph output '" + value + "' keeps its channels");
        }
    }

    private int[] fresh(int count) {
        int[] made = new int[count];
        Arrays.setAll(made, i -> classes.add());
        return made;
    }

    private void freeze(int[] these, String reason) {
        for (int id : these) {
            frozen.putIfAbsent(id, reason);
        }
    }

    /** Ids of a value; those of equal {@link #classOf class} are one channel. */
    ChannelIds idsOf(String value) {
        return Objects.requireNonNull(ids.get(value), value);
    }

    int classOf(int id) {
        return classes.find(id);
    }

    /** The nodes that produce each class, by class, in the order of production. */
    Map<Integer, List<String>> produced() {
        Map<Integer, List<String>> byClass = new LinkedHashMap<>();
        producers.forEach((id, nodes) -> {
            List<String> all = byClass.computeIfAbsent(classOf(id), c -> new ArrayList<>());
            nodes.stream().filter(n -> !all.contains(n)).forEach(all::add);
        });
        return byClass;
    }

    /** The first reason for which each frozen class must stay. */
    Map<Integer, String> frozen() {
        Map<Integer, String> byClass = new HashMap<>();
        frozen.keySet().stream().sorted().forEach(id -> byClass.putIfAbsent(classOf(id), frozen.get(id)));
        return byClass;
    }

    /** What one node's rule sees. */
    private final class View implements ChannelTrace {
        private final Node node;
        private final boolean ignored;

        View(Node node, boolean ignored) {
            this.node = node;
            this.ignored = ignored;
        }

        @Override
        public int inputs() {
            return node.inputs().size();
        }

        @Override
        public boolean has(int input) {
            return input < inputs() && !node.inputs().get(input).isEmpty();
        }

        @Override
        public TensorType type(int input) {
            return graph.type(node.inputs().get(input));
        }

        @Override
        public TensorType outputType(int output) {
            return graph.type(node.outputs().get(output));
        }

        @Override
        public ChannelIds ids(int input) {
            return idsOf(node.inputs().get(input));
        }

        @Override
        public boolean isWeight(int input) {
            return weights.contains(node.inputs().get(input));
        }

        @Override
        public void output(int output, ChannelIds own) {
            ids.put(node.outputs().get(output), own);
        }

        @Override
        public void moved(int input, ChannelIds own) {
            output(0, own);
            if (isWeight(input)) {
                weights.add(node.outputs().get(0));
            }
        }

        @Override
        public int[] fresh(int count) {
            return ChannelTracer.this.fresh(count);
        }

        @Override
        public void unify(int[] a, int[] b) {
            if (a.length != b.length) {
                throw new IllegalStateException("node '" + node.name() + "' ("
                        + node.op().type() + ") ties " + a.length + " channels to " + b.length);
            }
            for (int i = 0; i < a.length; i++) {
                classes.join(a[i], b[i]);
            }
        }

        @Override
        public void produce(int[] own) {
            for (int id : own) {
                producers.computeIfAbsent(id, i -> new ArrayList<>()).add(node.name());
            }
            if (ignored) {
                ChannelTracer.this.freeze(own, "node '" + node.name() + "' is ignored by request");
            }
        }

        @Override
        public void freeze(int[] these, String reason) {
            ChannelTracer.this.freeze(
                    these, "node '" + node.name() + "' (" + node.op().type() + ") " + reason);
        }
    }
}
