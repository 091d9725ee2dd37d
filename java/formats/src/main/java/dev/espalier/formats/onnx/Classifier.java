package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.espalier.formats.FormatException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Takes the network out of a classifier that scikit-learn's converter wrote: the class label, which it looks up with operators of
 * ai.onnx.ml, is left out, and probabilities stay a tensor.
 */
final class Classifier {
    private static final String DOMAIN = "ai.onnx.ml";

    /** Turns a tensor into a list of tables from classes to probabilities. */
    private static final String TABLES = "ZipMap";

    private final Map<String, NodeProto> producers = new HashMap<>();
    /** The nodes that take each value, until they are marked. */
    private final Map<String, List<NodeProto>> users = new HashMap<>();

    /** By node, the operator of the domain that it depends on and cannot do without, the first of them in alphabetical order. */
    private final IdentityHashMap<NodeProto, String> foreign = new IdentityHashMap<>();

    /** Values that outputs need, and the nodes whose inputs are among them. */
    private final Set<String> needed = new HashSet<>();

    private final IdentityHashMap<NodeProto, Boolean> visited = new IdentityHashMap<>();
    private final Map<String, String> leftOut = new HashMap<>();
    private final Path file;

    private Classifier(Path file) {
        this.file = file;
    }

    /** What is left of a graph, and by name the operator for whose sake each output was left out. */
    record Network(GraphProto graph, Map<String, String> leftOut) {
        Network {
            leftOut = Map.copyOf(leftOut);
        }
    }

    /** The graph itself unless it uses the domain. */
    static Network in(GraphProto graph, Path file) {
        return graph.getNodeList().stream().anyMatch(node -> node.getDomain().equals(DOMAIN))
                ? new Classifier(file).reduce(graph)
                : new Network(graph, Map.of());
    }

    private Network reduce(GraphProto graph) {
        for (NodeProto node : graph.getNodeList()) {
            node.getOutputList().forEach(value -> producers.put(value, node));
            node.getInputList()
                    .forEach(value -> users.computeIfAbsent(value, key -> new ArrayList<>())
                            .add(node));
        }
        graph.getNodeList().stream()
                .filter(node -> node.getDomain().equals(DOMAIN) && !isTables(node))
                .sorted(Comparator.comparing(Classifier::described))
                .forEach(this::spread);
        List<ValueInfoProto> outputs = new ArrayList<>();
        for (ValueInfoProto output : graph.getOutputList()) {
            NodeProto node = producers.get(output.getName());
            String operator = node == null ? null : foreign.get(node);
            if (operator == null) {
                outputs.add(output);
                need(output.getName());
            } else {
                leftOut.put(output.getName(), operator);
            }
        }
        if (outputs.isEmpty()) {
            throw FormatException.of(
                    file,
                    "operators of ai.onnx.ml compute all its outputs " + leftOut
                            + ", which is not supported; export probabilities or scores as tensors");
        }
        GraphProto.Builder left = graph.toBuilder().clearNode().clearOutput().clearInitializer();
        left.addAllOutput(outputs);
        graph.getInitializerList().stream()
                .filter(t -> needed.contains(t.getName()))
                .forEach(left::addInitializer);
        graph.getNodeList().stream()
                .filter(node -> node.getOutputList().stream().anyMatch(needed::contains))
                .forEach(node -> left.addNode(isTables(node) ? tensor(node) : node));
        return new Network(left.build(), leftOut);
    }

    private static String described(NodeProto node) {
        return node.getOpType() + " '" + node.getName() + "'";
    }

    /** Marks a node of the domain and all that depend on it and are not marked yet. */
    private void spread(NodeProto source) {
        String operator = described(source);
        Deque<NodeProto> open = new ArrayDeque<>(List.of(source));
        while (!open.isEmpty()) {
            NodeProto node = open.pop();
            if (foreign.putIfAbsent(node, operator) == null) {
                for (String value : node.getOutputList()) {
                    List<NodeProto> next = users.remove(value);
                    if (next != null) {
                        next.forEach(open::push);
                    }
                }
            }
        }
    }

    /** Adds a value and all that goes into it. */
    private void need(String output) {
        Deque<String> open = new ArrayDeque<>(List.of(output));
        needed.add(output);
        while (!open.isEmpty()) {
            NodeProto node = producers.get(open.pop());
            if (node != null && visited.put(node, true) == null) {
                node.getInputList().stream().filter(needed::add).forEach(open::push);
            }
        }
    }

    private static boolean isTables(NodeProto node) {
        return node.getDomain().equals(DOMAIN) && node.getOpType().equals(TABLES);
    }

    private static NodeProto tensor(NodeProto node) {
        return node.toBuilder()
                .setDomain("")
                .setOpType("Identity")
                .clearAttribute()
                .build();
    }
}
