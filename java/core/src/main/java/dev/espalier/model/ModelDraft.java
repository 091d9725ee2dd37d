package dev.espalier.model;

import dev.espalier.graph.Graph;
import dev.espalier.graph.GraphException;
import dev.espalier.graph.Node;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A model to which nodes are added one by one, each of which sees the values made before it. */
final class ModelDraft {
    private static final String OUTPUT = "logits";

    private final String name;
    private final Map<String, TensorType> inputs = new LinkedHashMap<>();
    private final Map<String, TensorType> types = new HashMap<>();
    private final Map<String, TensorType> parameters = new LinkedHashMap<>();
    private final Map<String, Initial> initials = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Integer> counters = new HashMap<>();
    private final Deque<String> prefixes = new ArrayDeque<>(List.of(""));
    private String current = "";

    ModelDraft(String name) {
        this.name = name;
    }

    /** Declares an input and goes on from it. */
    void input(String input, TensorType type) {
        inputs.put(input, type);
        types.put(input, type);
        current = input;
    }

    /** How many inputs there are. */
    int inputs() {
        return inputs.size();
    }

    /** The value that the next layer takes. */
    String current() {
        return current;
    }

    void goOnFrom(String value) {
        typeOf(value);
        current = value;
    }

    TensorType typeOf(String value) {
        TensorType type = types.get(value);
        if (type == null) {
            throw new GraphException("model '" + name + "' has no value '" + value + "'");
        }
        return type;
    }

    /** From here to {@link #leave} names begin with {@code block.}. */
    void enter(String block) {
        prefixes.push(prefixes.element() + block + ".");
    }

    void leave() {
        prefixes.pop();
    }

    /** A fresh name for a layer of this kind. */
    String next(String kind) {
        String named = prefixes.element() + kind;
        return named + counters.merge(named, 1, Integer::sum);
    }

    /** Declares a parameter and returns its name. */
    String parameter(String parameter, Initial initial, long... shape) {
        TensorType type = TensorType.f32(shape);
        parameters.put(parameter, type);
        types.put(parameter, type);
        initials.put(parameter, initial);
        return parameter;
    }

    /** Adds a node and goes on from its first output. */
    void apply(Node node) {
        try {
            List<TensorType> made =
                    node.op().infer(node.inputs().stream().map(this::typeOf).toList());
            for (int i = 0; i < node.outputs().size(); i++) {
                types.put(node.outputs().get(i), made.get(i));
            }
        } catch (ShapeException e) {
            throw new ShapeException("layer '" + node.name() + "': " + e.getMessage());
        }
        nodes.add(node);
        current = node.outputs().get(0);
    }

    /** The graph whose output is the value reached so far. */
    Graph graph() {
        Graph.Builder graph = Graph.builder(name).output(OUTPUT);
        inputs.forEach(graph::input);
        parameters.forEach(graph::parameter);
        for (Node node : nodes) {
            List<String> from = node.inputs().stream().map(this::published).toList();
            List<String> to = node.outputs().stream().map(this::published).toList();
            graph.node(new Node(node.name(), node.op(), from, to));
        }
        return graph.build();
    }

    private String published(String value) {
        return value.equals(current) ? OUTPUT : value;
    }

    /** The model with fresh weights that depend on the seed alone. */
    Model build(long seed, @Nullable Preprocessing preprocessing) {
        Metadata metadata = Metadata.NONE
                .withPreprocessing(preprocessing)
                .withProvenance(Provenance.UNKNOWN.with("architecture", name).with("initialSeed", Long.toString(seed)));
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            initials.forEach(
                    (parameter, initial) -> tensors.put(parameter, initial.draw(parameter, typeOf(parameter), seed)));
            return new Model(graph(), Weights.adopt(tensors), metadata);
        }
    }
}
