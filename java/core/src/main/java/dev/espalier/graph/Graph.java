package dev.espalier.graph;

import dev.espalier.op.Cost;
import dev.espalier.op.Op;
import dev.espalier.op.Recurrence;
import dev.espalier.op.TensorType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An immutable, valid network: every value has one producer, every node stands after the producers of its inputs, every
 * parameter is used, and every value has a type.
 */
public final class Graph {
    private final String name;
    private final Map<String, TensorType> inputs;
    private final Map<String, TensorType> parameters;
    private final List<Node> nodes;
    private final List<String> outputs;
    private final Map<String, TensorType> types;
    private final Map<String, Node> producers;
    private final Map<String, List<Node>> consumers;
    private final Set<String> statistics;
    private final Map<Node, Cost> costs;

    private Graph(Builder builder) {
        name = builder.name;
        inputs = Collections.unmodifiableMap(new LinkedHashMap<>(builder.inputs));
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(builder.parameters));
        nodes = List.copyOf(builder.nodes);
        outputs = List.copyOf(builder.outputs);
        Check check = new Check(inputs, parameters, nodes, outputs);
        producers = check.producers();
        consumers = check.consumers();
        types = check.types();
        statistics = check.statistics();
        costs = check.costs();
    }

    public static Builder builder(String name) {
        return new Builder(name);
    }

    /** A builder that holds all of this graph, for a changed copy. */
    public Builder toBuilder() {
        Builder builder = new Builder(name);
        inputs.forEach(builder::input);
        parameters.forEach(builder::parameter);
        nodes.forEach(builder::node);
        outputs.forEach(builder::output);
        return builder;
    }

    /** The same graph under another name. */
    public Graph withName(String other) {
        return new Builder(other).addAll(inputs, parameters, nodes, outputs).build();
    }

    /** The same inputs and outputs, computed by other nodes from other parameters. */
    public Graph with(Collection<Node> newNodes, Map<String, TensorType> newParameters) {
        return new Builder(name)
                .addAll(inputs, newParameters, newNodes, outputs)
                .build();
    }

    /** The same outputs, computed by other nodes from parameters and inputs of other types, the inputs under the same names. */
    public Graph with(
            Map<String, TensorType> newInputs, Collection<Node> newNodes, Map<String, TensorType> newParameters) {
        return new Builder(name)
                .addAll(newInputs, newParameters, newNodes, outputs)
                .build();
    }

    /** The same nodes with parameters of other types; all types are inferred anew. */
    public Graph withParameters(Map<String, TensorType> newParameters) {
        return with(nodes, newParameters);
    }

    public String name() {
        return name;
    }

    /** Nodes in an order in which they can run. */
    public List<Node> nodes() {
        return nodes;
    }

    /** The node of this name. */
    public Node node(String nodeName) {
        return nodes.stream()
                .filter(n -> n.name().equals(nodeName))
                .findFirst()
                .orElseThrow(() -> new GraphException("graph '" + name + "' has no node '" + nodeName + "'"));
    }

    /** What the caller feeds, in order; dimension 0 may be -1, the batch. */
    public Map<String, TensorType> inputs() {
        return inputs;
    }

    public List<String> outputs() {
        return outputs;
    }

    /** Types of the trained tensors and running statistics by name, in order. */
    public Map<String, TensorType> parameters() {
        return parameters;
    }

    /** Type of any value: input, parameter or node output. */
    public TensorType type(String value) {
        TensorType type = types.get(value);
        if (type == null) {
            throw new GraphException("graph '" + name + "' has no value '" + value + "'");
        }
        return type;
    }

    /** Types of a node's inputs, {@link TensorType#ABSENT} where one is left out. */
    public List<TensorType> inputTypes(Node node) {
        return node.inputs().stream()
                .map(v -> v.isEmpty() ? TensorType.ABSENT : type(v))
                .toList();
    }

    /** Names of all values. */
    public Set<String> values() {
        return types.keySet();
    }

    /** The node that computes a value; none for inputs and parameters. */
    public Optional<Node> producer(String value) {
        return Optional.ofNullable(producers.get(value));
    }

    /** The nodes that use a value, each once, in order. */
    public List<Node> consumers(String value) {
        return consumers.getOrDefault(value, List.of());
    }

    /** Whether a parameter is a running statistic: state that no gradient reaches. */
    public boolean isStatistic(String parameter) {
        return statistics.contains(parameter);
    }

    /** Cost of every node. */
    public Map<Node, Cost> costs() {
        return costs;
    }

    /** Multiply-accumulates with weights per sample. */
    public long macs() {
        long all = costs.values().stream().mapToLong(Cost::macs).sum();
        long batch = inputs.keySet().stream()
                .limit(1)
                .mapToLong(this::batch)
                .findFirst()
                .orElse(1);
        return batch > 1 ? all / batch : all;
    }

    /** The samples of an input whose batch is fixed; recurrent layers have time before them. */
    private long batch(String input) {
        TensorType type = type(input);
        boolean timeFirst = consumers(input).stream()
                .anyMatch(node ->
                        node.op() instanceof Recurrence && node.inputs().get(0).equals(input));
        int axis = timeFirst ? 1 : 0;
        return type.rank() > 1 ? type.dim(axis) : 1;
    }

    /** Number of weights, biases, normalisation scales and shifts; running statistics and whole-number constants do not count. */
    public long parameterCount() {
        return parameters.keySet().stream().mapToLong(this::countOf).sum();
    }

    /** Size of all parameters, running statistics and whole-number constants included, as a file of tensors holds them. */
    public long parameterBytes() {
        return parameters.values().stream()
                .mapToLong(type -> type.numelPerSample() * type.dtype().bytes())
                .sum();
    }

    /** As {@link #parameterCount()}, of the parameters that one node uses. */
    public long parameterCount(Node node) {
        return new LinkedHashSet<>(node.inputs())
                .stream()
                        .filter(parameters::containsKey)
                        .mapToLong(this::countOf)
                        .sum();
    }

    private long countOf(String parameter) {
        TensorType type = type(parameter);
        return isStatistic(parameter) || !type.dtype().isFloating() ? 0 : type.numelPerSample();
    }

    @Override
    public String toString() {
        return "graph '" + name + "': " + nodes.size() + " nodes, " + parameterCount() + " parameters, " + macs()
                + " MACs";
    }

    /** Collects the parts of a graph; {@link #build} checks them. */
    public static final class Builder {
        private final String name;
        private final Map<String, TensorType> inputs = new LinkedHashMap<>();
        private final Map<String, TensorType> parameters = new LinkedHashMap<>();
        private final List<Node> nodes = new ArrayList<>();
        private final List<String> outputs = new ArrayList<>();

        private Builder(String name) {
            this.name = name;
        }

        public Builder input(String value, TensorType type) {
            return put(inputs, "input", value, type);
        }

        public Builder parameter(String value, TensorType type) {
            return put(parameters, "parameter", value, type);
        }

        private Builder put(Map<String, TensorType> map, String kind, String value, TensorType type) {
            if (value.isEmpty() || map.put(value, type) != null) {
                throw new GraphException(
                        "graph '" + name + "': " + kind + " '" + value + "' must have a name of its own");
            }
            return this;
        }

        public Builder node(Node node) {
            nodes.add(node);
            return this;
        }

        /** A node with one output, which takes the node's name. */
        public Builder node(String nodeName, Op op, String... nodeInputs) {
            return node(new Node(nodeName, op, List.of(nodeInputs), List.of(nodeName)));
        }

        public Builder output(String value) {
            outputs.add(value);
            return this;
        }

        private Builder addAll(
                Map<String, TensorType> allInputs,
                Map<String, TensorType> allParameters,
                Collection<Node> allNodes,
                Collection<String> allOutputs) {
            allInputs.forEach(this::input);
            allParameters.forEach(this::parameter);
            allNodes.forEach(this::node);
            allOutputs.forEach(this::output);
            return this;
        }

        /** The graph, or a {@link GraphException} or {@link dev.espalier.runtime.ShapeException} that says what is wrong. */
        public Graph build() {
            return new Graph(this);
        }
    }
}
