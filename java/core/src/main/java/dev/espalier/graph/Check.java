package dev.espalier.graph;

import dev.espalier.op.Cost;
import dev.espalier.op.Op;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.ShapeException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One pass over the parts of a graph that proves its laws and gathers the facts that follow from them. */
final class Check {
    private final Map<String, TensorType> parameters;
    private final Map<String, TensorType> types = new LinkedHashMap<>();
    private final Map<String, Node> producers = new HashMap<>();
    private final Map<String, List<Node>> consumers = new HashMap<>();
    private final Set<String> statistics = new HashSet<>();
    /** Values that depend on parameters only. */
    private final Set<String> constants = new HashSet<>();

    private final Map<Node, Cost> costs = new LinkedHashMap<>();
    private final Map<String, Node> laterProducers = new HashMap<>();

    Check(Map<String, TensorType> inputs, Map<String, TensorType> parameters, List<Node> nodes, List<String> outputs) {
        this.parameters = parameters;
        inputs.forEach((value, type) -> {
            require(openOnlyAtBatch(type), "input '" + value + "' may leave only dimension 0 open, got " + type);
            define(value, type);
        });
        parameters.forEach((value, type) -> {
            require(type.shape().isKnown(), "parameter '" + value + "' must have a known shape, got " + type);
            define(value, type);
            constants.add(value);
        });
        Set<String> names = new HashSet<>();
        for (Node node : nodes) {
            require(names.add(node.name()), "two nodes are named '" + node.name() + "'");
            node.outputs().forEach(value -> laterProducers.put(value, node));
        }
        nodes.forEach(this::visit);
        require(!outputs.isEmpty(), "a graph must have an output");
        outputs.forEach(value -> require(types.containsKey(value), "output '" + value + "' is computed by no node"));
        parameters
                .keySet()
                .forEach(value -> require(
                        consumers.containsKey(value) || outputs.contains(value),
                        "parameter '" + value + "' is used by no node"));
    }

    private static boolean openOnlyAtBatch(TensorType type) {
        for (int i = 1; i < type.rank(); i++) {
            if (type.dim(i) < 0) {
                return false;
            }
        }
        return true;
    }

    private void visit(Node node) {
        List<TensorType> in = new ArrayList<>();
        boolean constant = true;
        for (String value : node.inputs()) {
            in.add(value.isEmpty() ? TensorType.ABSENT : use(node, value));
            constant &= value.isEmpty() || constants.contains(value);
        }
        Op op = node.op();
        List<TensorType> out = infer(node, in);
        for (int i = 0; i < out.size(); i++) {
            String value = node.outputs().get(i);
            define(value, out.get(i));
            producers.put(value, node);
            if (constant) {
                constants.add(value);
            }
        }
        for (int position : op.statisticInputs()) {
            String value = node.inputs().get(position);
            if (parameters.containsKey(value)) {
                statistics.add(value);
            }
        }
        boolean weighted = op.weightInputs().stream()
                .anyMatch(i -> constants.contains(node.inputs().get(i)));
        Cost cost = op.cost(in, out);
        costs.put(node, weighted ? cost : cost.withoutMacs());
    }

    private TensorType use(Node node, String value) {
        TensorType type = types.get(value);
        if (type == null) {
            Node later = laterProducers.get(value);
            throw new GraphException("node '" + node.name() + "' uses value '" + value + "', which "
                    + (later == null
                            ? "nothing produces"
                            : "node '" + later.name() + "' produces only afterwards; order the nodes"));
        }
        List<Node> users = consumers.computeIfAbsent(value, v -> new ArrayList<>());
        if (users.isEmpty() || !users.get(users.size() - 1).equals(node)) {
            users.add(node);
        }
        return type;
    }

    private static List<TensorType> infer(Node node, List<TensorType> in) {
        List<TensorType> out;
        try {
            out = node.op().infer(in);
        } catch (ShapeException e) {
            throw new ShapeException("node '" + node.name() + "': " + e.getMessage());
        }
        require(
                out.size() == node.outputs().size(),
                "node '" + node.name() + "': " + node.op().type() + " gives " + out.size()
                        + " output(s), the node names " + node.outputs() + "; optional outputs are not supported");
        return out;
    }

    private void define(String value, TensorType type) {
        require(types.put(value, type) == null, "value '" + value + "' is defined twice");
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new GraphException(message);
        }
    }

    Map<String, TensorType> types() {
        return Collections.unmodifiableMap(types);
    }

    Map<String, Node> producers() {
        return producers;
    }

    Map<String, List<Node>> consumers() {
        consumers.replaceAll((value, users) -> List.copyOf(users));
        return consumers;
    }

    Set<String> statistics() {
        return statistics;
    }

    Map<Node, Cost> costs() {
        return Collections.unmodifiableMap(costs);
    }
}
