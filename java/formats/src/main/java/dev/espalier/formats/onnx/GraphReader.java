package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.espalier.formats.FormatException;
import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.Constant;
import dev.espalier.op.Op;
import dev.espalier.op.Ops;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.EspalierException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Builds a graph from the nodes of one file.
 *
 * <p>Of another program's file, constants of rank 1 and more that a node uses, whether initialisers or Constant nodes, become
 * parameters, and scalars stay constants of the graph. Of our own, the graph comes back exactly as it was. Inputs that our
 * operators keep as settings (the axes of Squeeze) become attributes.
 */
final class GraphReader {
    /** A graph with the values of its parameters. */
    record Parsed(Graph graph, Map<String, TensorValue> values) {}

    /** Whose file it is, and which of its inputs are parameters whose values are kept elsewhere. */
    record Origin(boolean own, List<String> outsideParameters) {
        Origin {
            outsideParameters = List.copyOf(outsideParameters);
        }
    }

    private final Path file;
    private final GraphProto proto;
    private final Origin origin;
    private final TensorProtos tensors;
    private final Map<String, TensorValue> constants = new HashMap<>();
    private final Map<String, String> aliases = new HashMap<>();
    private final Map<String, TensorType> types = new HashMap<>();
    private final Set<String> parameters = new LinkedHashSet<>();
    private final List<Node> nodes = new ArrayList<>();
    /** Names given, with the number of nodes that asked for each. */
    private final Map<String, Integer> names = new HashMap<>();

    private final Set<String> used = new HashSet<>();
    private final ShapeArithmetic shapes = new ShapeArithmetic();

    GraphReader(Path file, GraphProto proto, Origin origin) {
        this.file = file;
        this.proto = proto;
        this.origin = origin;
        this.tensors = new TensorProtos(file);
    }

    Parsed read() {
        if (proto.getSparseInitializerCount() > 0) {
            throw FormatException.of(file, "has sparse initialisers, which are not supported; store them densely");
        }
        for (TensorProto tensor : proto.getInitializerList()) {
            if (constants.put(tensor.getName(), tensors.read(tensor)) != null) {
                throw FormatException.of(file, "has two initialisers named '" + tensor.getName() + "'");
            }
        }
        proto.getNodeList().forEach(node -> used.addAll(node.getInputList()));
        proto.getOutputList().forEach(output -> used.add(output.getName()));
        Map<String, TensorType> inputs = inputs();
        types.putAll(inputs);
        origin.outsideParameters().forEach(inputs::remove);
        for (int i = 0; i < proto.getNodeCount(); i++) {
            read(proto.getNode(i), i);
        }
        Graph graph = build(inputs);
        Map<String, TensorValue> values = new LinkedHashMap<>();
        for (String parameter : graph.parameters().keySet()) {
            TensorValue value = constants.get(parameter);
            if (value != null) {
                values.put(parameter, value);
            }
        }
        return new Parsed(graph, values);
    }

    /** Parameters in the order of the file's table, then those that were Constant nodes in the order of their use. */
    private List<String> orderedParameters() {
        Set<String> ordered = new LinkedHashSet<>(origin.outsideParameters());
        for (TensorProto tensor : proto.getInitializerList()) {
            if (parameters.contains(tensor.getName())) {
                ordered.add(tensor.getName());
            }
        }
        ordered.addAll(parameters);
        return List.copyOf(ordered);
    }

    private Graph build(Map<String, TensorType> inputs) {
        String name = proto.getName().isEmpty() ? "model" : proto.getName();
        Graph.Builder builder = Graph.builder(name);
        try {
            inputs.forEach(builder::input);
            List<String> outputs = new ArrayList<>();
            for (ValueInfoProto output : proto.getOutputList()) {
                outputs.add(operand("the graph's output", output.getName()));
            }
            orderedParameters().forEach(parameter -> builder.parameter(parameter, typeOf(parameter)));
            nodes.forEach(builder::node);
            outputs.forEach(builder::output);
            return builder.build();
        } catch (FormatException e) {
            throw e;
        } catch (EspalierException | ArithmeticException | IllegalArgumentException e) {
            throw new FormatException(file + ": " + e.getMessage(), e);
        }
    }

    private Map<String, TensorType> inputs() {
        Map<String, TensorType> inputs = new LinkedHashMap<>();
        for (ValueInfoProto input : proto.getInputList()) {
            if (!constants.containsKey(input.getName())) {
                inputs.put(input.getName(), InputTypes.read(file, input));
            }
        }
        return inputs;
    }

    private void read(NodeProto node, int index) {
        String name = nameOf(node, index);
        if (!OnnxFile.isOnnx(node.getDomain())) {
            throw refuse(name, "operator '" + node.getDomain() + "." + node.getOpType() + "' is not supported");
        }
        if (node.getOutputCount() == 0) {
            throw refuse(name, node.getOpType() + " has no output");
        }
        Map<String, Attribute> attributes = attributes(node, name);
        List<String> inputs = node.getInputList().stream()
                .map(value -> aliases.getOrDefault(value, value))
                .toList();
        if (origin.own() || !fold(node, name, inputs, attributes)) {
            add(node, name, inputs, attributes);
        }
    }

    /** Whether the node stands for a constant, which is then known under the name of its output. */
    private boolean fold(NodeProto node, String name, List<String> inputs, Map<String, Attribute> attributes) {
        String type = node.getOpType();
        String output = node.getOutput(0);
        if (type.equals("Constant")) {
            constants.put(
                    output,
                    ConstantNodes.value(attributes)
                            .orElseThrow(() -> refuse(
                                    name, "a Constant of the kind " + attributes.keySet() + " is not supported")));
            return true;
        }
        TensorValue operand = inputs.isEmpty() ? null : constants.get(inputs.get(0));
        if (type.equals("Identity") && operand != null) {
            aliases.put(output, inputs.get(0));
            return true;
        }
        if (type.equals("Cast") && operand != null) {
            constants.put(
                    output,
                    ConstantNodes.cast(operand, attributes)
                            .orElseThrow(() -> refuse(name, "this Cast of a constant is not supported")));
            return true;
        }
        return shapes.fold(type, inputs, output, attributes, types, constants);
    }

    private void add(NodeProto node, String name, List<String> inputs, Map<String, Attribute> attributes) {
        String type = node.getOpType();
        List<String> settings = Ops.constantInputs(type);
        List<String> operands = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            String value = inputs.get(i);
            boolean looked = type.equals("Gather") && !constants.containsKey(value);
            if (i >= 1 && i <= settings.size() && !looked) {
                if (!value.isEmpty()) {
                    attributes.put(settings.get(i - 1), setting(name, type, settings.get(i - 1), value));
                }
            } else {
                operands.add(value.isEmpty() ? "" : operand("node '" + name + "'", value));
            }
        }
        while (!operands.isEmpty() && operands.get(operands.size() - 1).isEmpty()) {
            operands.remove(operands.size() - 1);
        }
        List<String> outputs = new ArrayList<>(node.getOutputList());
        while (outputs.size() > 1 && !used.contains(outputs.get(outputs.size() - 1))) {
            outputs.remove(outputs.size() - 1);
        }
        for (int i = 0; i < outputs.size(); i++) {
            if (outputs.get(i).isEmpty()) {
                outputs.set(i, unique(name + ".unused" + i));
            }
        }
        append(name, op(type, name, attributes), operands, outputs);
    }

    private void append(String name, Op op, List<String> inputs, List<String> outputs) {
        try {
            List<TensorType> in = inputs.stream()
                    .map(value -> value.isEmpty() ? TensorType.ABSENT : typeOf(value))
                    .toList();
            List<TensorType> out = op.infer(in);
            List<String> all = new ArrayList<>(outputs);
            while (all.size() < out.size()) {
                all.add(unique(name + ".unused" + all.size()));
            }
            Node node = new Node(name, op, inputs, all);
            for (int i = 0; i < Math.min(out.size(), outputs.size()); i++) {
                types.put(outputs.get(i), out.get(i));
            }
            nodes.add(node);
        } catch (EspalierException e) {
            throw new FormatException(file + ": node '" + name + "': " + e.getMessage(), e);
        } catch (ArithmeticException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw impossible(name, op.type(), e);
        }
    }

    /** The value a node or output refers to; a constant enters the graph the first time that it is used. */
    private String operand(String user, String value) {
        String actual = aliases.getOrDefault(value, value);
        if (types.containsKey(actual)) {
            return actual;
        }
        TensorValue constant = constants.get(actual);
        if (constant == null) {
            throw FormatException.of(
                    file,
                    user + " needs '" + value + "', which is no input, no initialiser and no earlier node's output");
        }
        if (constant.shape().rank() == 0 && !origin.own()) {
            append(unique("Constant_" + actual), new Constant(constant), List.of(), List.of(actual));
        } else {
            types.put(actual, new TensorType(constant.dtype(), constant.shape()));
            parameters.add(actual);
        }
        return actual;
    }

    private Attribute setting(String node, String type, String setting, String value) {
        TensorValue constant = constants.get(value);
        if (constant != null) {
            return constant;
        }
        return shapes.target(value)
                .filter(target -> type.equals("Reshape"))
                .orElseThrow(() -> refuse(
                        node,
                        types.containsKey(value) || used.contains(value)
                                ? type + " takes its " + setting + " from '" + value
                                        + "', which is computed; only constants are supported there"
                                : type + " needs '" + value + "', which nothing provides"));
    }

    private Op op(String type, String name, Map<String, Attribute> attributes) {
        try {
            return Ops.create(type, name, attributes);
        } catch (ArithmeticException | IndexOutOfBoundsException e) {
            throw impossible(name, type, e);
        } catch (EspalierException | IllegalArgumentException e) {
            String problem = String.valueOf(e.getMessage());
            String where = problem.startsWith("node '") ? "" : "node '" + name + "': ";
            throw new FormatException(file + ": " + where + problem, e);
        }
    }

    private Map<String, Attribute> attributes(NodeProto node, String name) {
        Map<String, Attribute> attributes = new TreeMap<>();
        for (AttributeProto attribute : node.getAttributeList()) {
            try {
                attributes.put(attribute.getName(), AttributeProtos.read(attribute, tensors));
            } catch (IllegalArgumentException e) {
                throw new FormatException(
                        file + ": node '" + name + "': " + node.getOpType() + ": " + e.getMessage(), e);
            }
        }
        return attributes;
    }

    private String nameOf(NodeProto node, int index) {
        return unique(node.getName().isEmpty() ? node.getOpType() + "_" + index : node.getName());
    }

    private String unique(String wanted) {
        String name = wanted;
        while (names.containsKey(name)) {
            name = wanted + "_" + names.merge(wanted, 1, Integer::sum);
        }
        names.put(name, 1);
        return name;
    }

    /** The refusal of inputs or settings that an operator cannot calculate with: a missing input, sizes beyond a long. */
    private FormatException impossible(String node, String type, RuntimeException cause) {
        return new FormatException(
                file + ": node '" + node + "': the inputs or attributes of " + type + " are not valid: "
                        + cause.getMessage(),
                cause);
    }

    private TensorType typeOf(String value) {
        TensorType type = types.get(value);
        if (type == null) {
            throw FormatException.of(file, "nothing gives the type of '" + value + "'");
        }
        return type;
    }

    private FormatException refuse(String node, String problem) {
        return FormatException.of(file, "node '" + node + "': " + problem);
    }
}
