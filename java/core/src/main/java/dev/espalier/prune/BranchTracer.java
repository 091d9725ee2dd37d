package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks at what is computed for one side of an Add alone. */
final class BranchTracer {
    /** How a value gets to an Add, in the order in which it is more like the mere value from before. */
    enum Way {
        /** It is used elsewhere too, or fed. */
        IDENTITY,
        /** Computed for the Add alone, without weights. */
        WEIGHTLESS,
        /** Computed with weights, but something passes by them. */
        BYPASSED,
        /** Whatever arrives has been multiplied by weights. */
        WEIGHTED
    }

    /** One side: its value, the nodes that serve this side alone, how it arrives, and the parameters that multiply in it. */
    record Side(String value, List<Node> nodes, Way way, Set<String> weights) {}

    private final Graph graph;
    /** By value the graph's inputs that it depends on. */
    private final Map<String, Set<String>> sources;

    BranchTracer(Graph graph) {
        this.graph = graph;
        this.sources = sources(graph);
    }

    /** By value the graph's inputs that it depends on. */
    static Map<String, Set<String>> sources(Graph graph) {
        Map<String, Set<String>> sources = new HashMap<>();
        graph.inputs().keySet().forEach(input -> sources.put(input, Set.of(input)));
        for (Node node : graph.nodes()) {
            Set<String> all = new HashSet<>();
            node.inputs().forEach(value -> all.addAll(sources.getOrDefault(value, Set.of())));
            node.outputs().forEach(value -> sources.put(value, all));
        }
        return sources;
    }

    boolean isComputed(String value) {
        return !sources.getOrDefault(value, Set.of()).isEmpty();
    }

    Side side(Node add, String value) {
        List<Node> alone = alone(add, value);
        Set<String> weights = new LinkedHashSet<>();
        Set<String> within = new HashSet<>();
        Set<String> passing = new HashSet<>();
        for (Node node : alone) {
            Set<String> own = multiplied(node);
            weights.addAll(own);
            boolean passes = own.isEmpty()
                    && node.inputs().stream()
                            .anyMatch(in -> isComputed(in) && (!within.contains(in) || passing.contains(in)));
            within.addAll(node.outputs());
            if (passes) {
                passing.addAll(node.outputs());
            }
        }
        return new Side(value, alone, way(alone, weights, passing.contains(value)), weights);
    }

    private static Way way(List<Node> alone, Set<String> weights, boolean passes) {
        if (alone.isEmpty()) {
            return Way.IDENTITY;
        }
        if (weights.isEmpty()) {
            return Way.WEIGHTLESS;
        }
        return passes ? Way.BYPASSED : Way.WEIGHTED;
    }

    /** The nodes from which every way leads to this side of the Add, in order. */
    private List<Node> alone(Node add, String value) {
        Set<String> members = new HashSet<>();
        List<Node> nodes = new ArrayList<>();
        for (int i = graph.nodes().indexOf(add) - 1; i >= 0; i--) {
            Node node = graph.nodes().get(i);
            if (servesAlone(node, add, value, members)) {
                members.add(node.name());
                nodes.add(0, node);
            }
        }
        return nodes;
    }

    private boolean servesAlone(Node node, Node add, String value, Set<String> members) {
        boolean used = false;
        for (String output : node.outputs()) {
            if (graph.outputs().contains(output)) {
                return false;
            }
            for (Node consumer : graph.consumers(output)) {
                boolean inside = members.contains(consumer.name())
                        || (consumer.name().equals(add.name()) && output.equals(value));
                if (!inside) {
                    return false;
                }
                used = true;
            }
        }
        return used;
    }

    /** The parameters that a node multiplies with. */
    private Set<String> multiplied(Node node) {
        Set<String> found = new LinkedHashSet<>();
        for (int input : node.op().weightInputs()) {
            if (input < node.inputs().size()) {
                String value = node.inputs().get(input);
                if (!value.isEmpty() && !isComputed(value)) {
                    addParameters(value, found);
                }
            }
        }
        return found;
    }

    private void addParameters(String value, Set<String> found) {
        if (graph.parameters().containsKey(value)) {
            if (graph.type(value).dtype().isFloating()) {
                found.add(value);
            }
            return;
        }
        graph.producer(value)
                .ifPresent(node ->
                        node.inputs().stream().filter(in -> !in.isEmpty()).forEach(in -> addParameters(in, found)));
    }
}
