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
    /** Something said of ids: the node that produces them, or a reason. */
    private static final class Statement {
        private final String text;
        private final int[] ids;

        Statement(String text, int[] ids) {
            this.text = text;
            this.ids = ids;
        }
    }

    private final Graph graph;
    private final ChannelClasses classes = new ChannelClasses();
    private final Map<String, ChannelIds> ids = new HashMap<>();
    private final Set<String> weights = new HashSet<>();
    private final Set<String> vanishing = new HashSet<>();
    private final List<Statement> producers = new ArrayList<>();
    private final List<Statement> frozen = new ArrayList<>();
    private final List<Statement> approximated = new ArrayList<>();

    private ChannelTracer(Graph graph) {
        this.graph = graph;
    }

    static ChannelTracer run(Graph graph, Set<String> ignored, Map<String, Set<Integer>> open) {
        ChannelTracer tracer = new ChannelTracer(graph);
        graph.inputs().forEach((value, type) -> tracer.feed(value, type, open.getOrDefault(value, Set.of())));
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
        tracer.classes.settle();
        return tracer;
    }

    /** The indices of an input's open axes are channels that the input itself produces. */
    private void feed(String input, TensorType type, Set<Integer> open) {
        ChannelIds own = ChannelIds.fixed(type.rank());
        for (int axis : open) {
            int[] along = fresh(Math.toIntExact(type.dim(axis)));
            own = own.with(axis, along);
            producers.add(new Statement(input, along));
        }
        ids.put(input, own);
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
        if (these.length > 0) {
            frozen.add(new Statement(reason, these));
        }
    }

    /** Ids of a value; those of equal {@link #leavesOf leaves} are one channel. */
    ChannelIds idsOf(String value) {
        return Objects.requireNonNull(ids.get(value), value);
    }

    /** The classes of which one must go for this id to go; all of them are below {@link #classes}. */
    int[] leavesOf(int id) {
        return classes.leaves(id);
    }

    /** A bound of all class numbers. */
    int classes() {
        return classes.size();
    }

    /** The nodes that produce each class, by class, in the order of production. */
    Map<Integer, List<String>> produced() {
        Map<Integer, List<String>> byClass = new LinkedHashMap<>();
        for (Statement statement : producers) {
            for (int id : statement.ids) {
                for (int leaf : classes.leaves(id)) {
                    List<String> nodes = byClass.computeIfAbsent(leaf, c -> new ArrayList<>(2));
                    if (!nodes.contains(statement.text)) {
                        nodes.add(statement.text);
                    }
                }
            }
        }
        return byClass;
    }

    /** The first reason for which each frozen class must stay. */
    Map<Integer, String> frozen() {
        return first(frozen);
    }

    /** The first reason for which the removal of each class changes results by nature. */
    Map<Integer, String> approximated() {
        return first(approximated);
    }

    private Map<Integer, String> first(List<Statement> statements) {
        Map<Integer, String> byClass = new HashMap<>();
        for (Statement statement : statements) {
            for (int id : statement.ids) {
                for (int leaf : classes.leaves(id)) {
                    byClass.putIfAbsent(leaf, statement.text);
                }
            }
        }
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
        public int outputs() {
            return node.outputs().size();
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
        public boolean vanishes(int input) {
            return vanishing.contains(node.inputs().get(input))
                    || isWeight(input)
                    || ids(input).isFixed();
        }

        @Override
        public void vanishing(int output) {
            vanishing.add(node.outputs().get(output));
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
            if (vanishes(input)) {
                vanishing(0);
            }
        }

        @Override
        public void compose(int[] whole, List<int[]> of) {
            for (int i = 0; i < whole.length; i++) {
                int at = i;
                classes.compose(whole[i], of.stream().mapToInt(list -> list[at]).toArray());
            }
        }

        @Override
        public boolean same(int a, int b) {
            return classes.find(a) == classes.find(b);
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
            producers.add(new Statement(node.name(), own));
            if (ignored) {
                ChannelTracer.this.freeze(own, "node '" + node.name() + "' is ignored by request");
            }
        }

        @Override
        public void freeze(int[] these, String reason) {
            ChannelTracer.this.freeze(these, sentence(reason));
        }

        @Override
        public void approximates(int[] these, String reason) {
            if (these.length > 0) {
                approximated.add(new Statement(sentence(reason), these));
            }
        }

        private String sentence(String reason) {
            return "node '" + node.name() + "' (" + node.op().type() + ") " + reason;
        }
    }
}
