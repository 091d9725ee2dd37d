package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.espalier.formats.FormatException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
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
        }
        Set<String> needed = new HashSet<>();
        List<ValueInfoProto> outputs = new ArrayList<>();
        for (ValueInfoProto output : graph.getOutputList()) {
            Set<String> values = behind(output.getName());
            String foreign = foreign(values);
            if (foreign.isEmpty()) {
                outputs.add(output);
                needed.addAll(values);
            } else {
                leftOut.put(output.getName(), foreign);
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

    private Set<String> behind(String output) {
        Set<String> seen = new HashSet<>(Set.of(output));
        Deque<String> open = new ArrayDeque<>(seen);
        while (!open.isEmpty()) {
            NodeProto node = producers.get(open.pop());
            if (node != null) {
                node.getInputList().stream().filter(seen::add).forEach(open::push);
            }
        }
        return seen;
    }

    /** Type and name of a node of the domain that cannot be done without, or empty. */
    private String foreign(Set<String> values) {
        return values.stream()
                .map(producers::get)
                .filter(node -> node != null && node.getDomain().equals(DOMAIN) && !isTables(node))
                .map(node -> node.getOpType() + " '" + node.getName() + "'")
                .sorted()
                .findFirst()
                .orElse("");
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
