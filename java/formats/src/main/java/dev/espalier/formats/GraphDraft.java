package dev.espalier.formats;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.Constant;
import dev.espalier.op.Op;
import dev.espalier.op.Ops;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A graph that a reader builds node by node, with the types inferred so far and the values of the parameters. */
public final class GraphDraft {
    private final Path file;
    private final String name;
    private final Map<String, TensorType> inputs = new LinkedHashMap<>();
    private final Map<String, float[]> parameters = new LinkedHashMap<>();
    private final Map<String, TensorType> types = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final List<String> outputs = new ArrayList<>();
    private final Map<String, Integer> names = new HashMap<>();

    /** An empty graph; refusals name {@code file}. */
    public GraphDraft(Path file, String name) {
        this.file = file;
        this.name = name.isEmpty() ? "model" : name;
    }

    /** A fresh name, {@code wanted} where it is still free. */
    private String unique(String wanted) {
        String free = wanted.isEmpty() ? "value" : wanted;
        while (names.containsKey(free)) {
            free = wanted + "_" + names.merge(wanted, 1, Integer::sum);
        }
        names.put(free, 1);
        return free;
    }

    /** What the caller feeds. */
    public String input(String wanted, TensorType type) {
        String value = unique(wanted);
        inputs.put(value, type);
        types.put(value, type);
        return value;
    }

    /** A trained tensor or running statistic. */
    public String parameter(String wanted, float[] values, long... shape) {
        String value = unique(wanted);
        if (Shape.of(shape).numel() != values.length) {
            throw FormatException.of(
                    file,
                    "'" + wanted + "' must have shape " + Arrays.toString(shape) + ", but it holds " + values.length
                            + " values");
        }
        parameters.put(value, values);
        types.put(value, TensorType.f32(shape));
        return value;
    }

    /** A number that never changes. */
    public String constant(String wanted, float value) {
        return append(unique(wanted), new Constant(TensorValue.of(new float[] {value})), List.of())
                .get(0);
    }

    /** A node with one output, which takes the node's name. */
    public String add(String wanted, String type, Map<String, Attribute> attributes, String... in) {
        return addAll(wanted, type, attributes, List.of(in)).get(0);
    }

    /** A node with all outputs of its operator; an input that is left out is empty. */
    public List<String> addAll(String wanted, String type, Map<String, Attribute> attributes, List<String> in) {
        Op op;
        try {
            op = Ops.create(type, attributes);
        } catch (EspalierException | IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
            throw refuse(wanted, e);
        }
        return append(unique(wanted), op, in);
    }

    private List<String> append(String node, Op op, List<String> in) {
        List<String> out = new ArrayList<>();
        try {
            List<TensorType> inferred = op.infer(in.stream()
                    .map(value -> value.isEmpty() ? TensorType.ABSENT : type(value))
                    .toList());
            for (TensorType type : inferred) {
                String value = out.isEmpty() ? node : unique(node + "." + out.size());
                types.put(value, type);
                out.add(value);
            }
            nodes.add(new Node(node, op, in, out));
        } catch (EspalierException | IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
            throw refuse(node, e);
        }
        return out;
    }

    private FormatException refuse(String node, RuntimeException cause) {
        return new FormatException(file + ": '" + node + "': " + cause.getMessage(), cause);
    }

    /** The type of a value made so far. */
    public TensorType type(String value) {
        TensorType type = types.get(value);
        if (type == null) {
            throw FormatException.of(file, "nothing computes '" + value + "'");
        }
        return type;
    }

    /** Declares a result. */
    public void output(String value) {
        outputs.add(value);
    }

    /** The model on the CPU, owning its weights. */
    public Model build(Metadata metadata) {
        Graph.Builder builder = Graph.builder(name);
        Graph graph;
        try {
            inputs.forEach(builder::input);
            parameters.keySet().forEach(parameter -> builder.parameter(parameter, type(parameter)));
            nodes.forEach(builder::node);
            outputs.forEach(builder::output);
            graph = builder.build();
        } catch (FormatException e) {
            throw e;
        } catch (EspalierException | IllegalArgumentException | ArithmeticException e) {
            throw new FormatException(file + ": " + e.getMessage(), e);
        }
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            parameters.forEach((parameter, values) -> tensors.put(
                    parameter, Tensor.of(values, graph.type(parameter).shape().toArray())));
            return new Model(graph, Weights.adopt(tensors), metadata);
        }
    }
}
