package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Identity;
import dev.espalier.op.Mul;
import dev.espalier.op.TensorType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Graphs without whole layers: really, or with their branches multiplied by zero. */
final class LayerCut {
    /** The parameter of a masked graph that branches are multiplied by, a scalar. */
    static final String ZERO = "masked layers";

    private LayerCut() {}

    /** The graph with shortcuts in the place of sums, without the nodes and parameters that serve no output any more. */
    static Graph of(Graph graph, Collection<Layer> layers) {
        Map<String, Layer> going = byId(layers);
        Map<String, String> replaced = new HashMap<>();
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            Node fed = node.withInputs(node.inputs().stream()
                    .map(value -> replaced.getOrDefault(value, value))
                    .toList());
            Layer layer = going.get(node.name());
            if (layer == null) {
                nodes.add(fed);
            } else {
                String left = replaced.getOrDefault(layer.shortcut(), layer.shortcut());
                if (graph.outputs().contains(node.output())) {
                    nodes.add(new Node(node.name(), new Identity(), List.of(left), node.outputs()));
                } else {
                    replaced.put(node.output(), left);
                }
            }
        }
        return layers.isEmpty() ? graph : living(graph, nodes);
    }

    private static Graph living(Graph graph, List<Node> nodes) {
        Set<String> needed = new HashSet<>(graph.outputs());
        List<Node> living = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(needed::contains)) {
                needed.addAll(node.inputs());
                living.add(node);
            }
        }
        Collections.reverse(living);
        Map<String, TensorType> parameters = new LinkedHashMap<>(graph.parameters());
        parameters.keySet().retainAll(needed);
        return graph.with(living, parameters);
    }

    /** The whole graph, whose parameter {@link #ZERO} the branches are multiplied by before they are added. */
    static Graph masked(Graph graph, Collection<Layer> layers) {
        if (layers.isEmpty()) {
            return graph;
        }
        Map<String, Layer> going = byId(layers);
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            Layer layer = going.get(node.name());
            if (layer == null) {
                nodes.add(node);
            } else {
                String silent = layer.id() + " without " + layer.branch();
                nodes.add(new Node(silent, new Mul(), List.of(layer.branch(), ZERO), List.of(silent)));
                nodes.add(node.withInputs(node.inputs().stream()
                        .map(value -> value.equals(layer.branch()) ? silent : value)
                        .toList()));
            }
        }
        Map<String, TensorType> parameters = new LinkedHashMap<>(graph.parameters());
        parameters.put(ZERO, TensorType.f32());
        return graph.with(nodes, parameters);
    }

    private static Map<String, Layer> byId(Collection<Layer> layers) {
        Map<String, Layer> byId = new HashMap<>();
        layers.forEach(layer -> byId.put(layer.id(), layer));
        return byId;
    }
}
