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
import dev.espalier.op.Expand;
import dev.espalier.op.Gather;
import dev.espalier.op.Identity;
import dev.espalier.op.Op;
import dev.espalier.op.Ops;
import dev.espalier.op.Reshape;
import dev.espalier.op.Slice;
import dev.espalier.op.Split;
import dev.espalier.op.Squeeze;
import dev.espalier.op.TensorType;
import dev.espalier.op.Transpose;
import dev.espalier.op.Unsqueeze;
import dev.espalier.runtime.EspalierException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Builds a graph from the nodes of one file.
 *
 * <p>Of another program's file, what nodes compute from constants alone is computed at once. Real constants of rank 1 and more that a
 * node uses become parameters, whether they were initialisers, Constant nodes or computed from such; scalars, whole numbers and what
 * was computed from them stay constants of the graph, and nodes that no output needs are dropped. Of our own file, the graph comes
 * back exactly as it was. Inputs that our operators keep as settings (the axes of Squeeze) become attributes.
 */
final class GraphReader {
    private static final Set<String> SEVERAL_RESULTS = Set.of("Split", "LSTM", "GRU", "RNN");

    /** A graph with the values of its parameters. */
    record Parsed(Graph graph, Map<String, TensorValue> values) {}

    /**
     * Whose file it is, for which operator set it was written, and which of its inputs are parameters whose values are kept elsewhere.
     */
    record Origin(boolean own, long opset, List<String> outsideParameters) {
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

    /** How often nodes and outputs use each value. */
    private final Map<String, Integer> uses = new HashMap<>();

    /** Constants that were trained, as far as a file tells: real numbers of rank 1 and more that stand in it. */
    private final Set<String> trained = new HashSet<>();

    private final ShapeArithmetic shapes = new ShapeArithmetic(types, constants);
    private final ConstantFolding folding;

    GraphReader(Path file, GraphProto proto, Origin origin) {
        this.file = file;
        this.proto = proto;
        this.origin = origin;
        this.tensors = new TensorProtos(file);
        this.folding = new ConstantFolding(proto.getSerializedSize());
    }

    Parsed read() {
        if (proto.getSparseInitializerCount() > 0) {
            throw FormatException.of(file, "has sparse initialisers, which are not supported; store them densely");
        }
        initialisers(proto);
        count(proto);
        Map<String, TensorType> inputs = inputs();
        types.putAll(inputs);
        origin.outsideParameters().forEach(inputs::remove);
        readNodes(proto);
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
                outputs.add(output(output.getName()));
            }
            if (!origin.own()) {
                dropUnused(outputs);
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

    /** Initialisers of the graph or of a branch. */
    private void initialisers(GraphProto graph) {
        for (TensorProto tensor : graph.getInitializerList()) {
            TensorValue value = tensors.read(tensor);
            if (constants.put(tensor.getName(), value) != null) {
                throw FormatException.of(file, "has two initialisers named '" + tensor.getName() + "'");
            }
            keepTrained(tensor.getName(), value);
        }
    }

    private void keepTrained(String name, TensorValue value) {
        if (value.dtype().isFloating() && value.shape().rank() > 0) {
            trained.add(name);
        }
    }

    private void count(GraphProto graph) {
        for (NodeProto node : graph.getNodeList()) {
            node.getInputList().forEach(value -> uses.merge(value, 1, Integer::sum));
            node.getAttributeList().stream().filter(AttributeProto::hasG).forEach(branch -> count(branch.getG()));
        }
        graph.getOutputList().forEach(output -> uses.merge(output.getName(), 1, Integer::sum));
    }

    private void readNodes(GraphProto graph) {
        for (int i = 0; i < graph.getNodeCount(); i++) {
            NodeProto node = graph.getNode(i);
            String name = nameOf(node, i);
            try {
                read(node, name);
            } catch (FormatException e) {
                throw e;
            } catch (EspalierException e) {
                throw new FormatException(file + ": node '" + name + "': " + e.getMessage(), e);
            } catch (ArithmeticException | IllegalArgumentException | IndexOutOfBoundsException e) {
                throw impossible(name, node.getOpType(), e);
            }
        }
    }

    private void read(NodeProto node, String name) {
        if (!OnnxFile.isOnnx(node.getDomain())) {
            throw refuse(name, "operator '" + node.getDomain() + "." + node.getOpType() + "' is not supported");
        }
        if (node.getOutputCount() == 0) {
            throw refuse(name, node.getOpType() + " has no output");
        }
        List<String> inputs = node.getInputList().stream().map(this::actual).toList();
        if (node.getOpType().equals("If")) {
            choose(node, name, inputs);
            return;
        }
        Call call = new Call(name, node.getOpType(), inputs, outputs(node), attributes(node, name));
        boolean done = origin.own() ? shapes.concerns(call) && shapes.fold(call) : fold(call);
        if (!done) {
            new NodeForms(this, origin).add(call);
        }
    }

    private String actual(String value) {
        return aliases.getOrDefault(value, value);
    }

    /** Results without those at the end that nobody uses; the pieces of a Split and the states of a recurrent layer all count. */
    private List<String> outputs(NodeProto node) {
        List<String> outputs = new ArrayList<>(node.getOutputList());
        boolean all = SEVERAL_RESULTS.contains(node.getOpType());
        while (!all && outputs.size() > 1 && !uses.containsKey(outputs.get(outputs.size() - 1))) {
            outputs.remove(outputs.size() - 1);
        }
        outputs.replaceAll(value -> value.isEmpty() ? unique("unused") : value);
        return outputs;
    }

    /** Puts the branch of a constant condition in the place of the node. */
    private void choose(NodeProto node, String name, List<String> inputs) {
        TensorValue condition = inputs.isEmpty() ? null : constants.get(inputs.get(0));
        if (condition == null || condition.shape().numel() != 1) {
            throw refuse(name, "If depends on a computed condition, which is not supported; export the branch taken");
        }
        String wanted = condition.toLongs()[0] != 0 ? "then_branch" : "else_branch";
        GraphProto branch = node.getAttributeList().stream()
                .filter(attribute -> attribute.getName().equals(wanted))
                .map(AttributeProto::getG)
                .findFirst()
                .orElseThrow(() -> refuse(name, "If has no " + wanted));
        initialisers(branch);
        readNodes(branch);
        for (int i = 0; i < Math.min(node.getOutputCount(), branch.getOutputCount()); i++) {
            String value = branch.getOutput(i).getName();
            aliases.put(node.getOutput(i), actual(value));
            uses.merge(value, uses.getOrDefault(node.getOutput(i), 0), Integer::sum);
        }
    }

    /** Whether the node stands for constants, which are then known under the names of its outputs. */
    private boolean fold(Call call) {
        String output = call.outputs().get(0);
        if (call.type().equals("Constant")) {
            TensorValue value = ConstantNodes.value(call.attributes())
                    .orElseThrow(() -> refuse(
                            call.name(),
                            "a Constant of the kind " + call.attributes().keySet() + " is not supported"));
            constants.put(output, value);
            keepTrained(output, value);
            return true;
        }
        if (call.type().equals("Identity") && constants.containsKey(call.input(0))) {
            aliases.put(output, call.input(0));
            uses.merge(call.input(0), uses.getOrDefault(output, 0), Integer::sum);
            return true;
        }
        return shapes.fold(call) || foldConstants(call);
    }

    /** Evaluates a node of constants, unless it only changes the form of a weight that other nodes use as it is. */
    private boolean foldConstants(Call call) {
        List<String> weights =
                call.inputs().stream().filter(trained::contains).distinct().toList();
        boolean constant = !call.inputs().isEmpty()
                && call.inputs().stream().allMatch(value -> value.isEmpty() || constants.containsKey(value))
                && weights.stream().allMatch(weight -> uses.getOrDefault(weight, 0) == 1);
        if (!constant) {
            return false;
        }
        List<TensorValue> results = evaluate(call);
        for (int i = 0; i < Math.min(results.size(), call.outputs().size()); i++) {
            String output = call.outputs().get(i);
            TensorValue result = results.get(i);
            String name = output;
            if (weights.size() == 1 && call.outputs().size() == 1) {
                name = weights.get(0);
                aliases.put(output, name);
                uses.put(name, uses.getOrDefault(output, 0));
                trained.remove(name);
            }
            constants.put(name, result);
            if (!weights.isEmpty()) {
                keepTrained(name, result);
            }
        }
        return true;
    }

    private List<TensorValue> evaluate(Call call) {
        if (call.type().equals("ConstantOfShape")) {
            long[] shape = constant(call.input(0)).toLongs();
            return List.of(folding.filled(shape, call.attributes().get("value")));
        }
        if (call.type().equals("Range")) {
            return List.of(folding.range(constant(call.input(0)), constant(call.input(1)), constant(call.input(2))));
        }
        NodeForms.Ready ready = new NodeForms(this, origin).ready(call);
        List<@Nullable TensorValue> operands = new ArrayList<>();
        ready.operands().forEach(value -> operands.add(value.isEmpty() ? null : constant(value)));
        return folding.evaluate(ready.op(), operands);
    }

    private TensorValue constant(String value) {
        TensorValue constant = constants.get(value);
        if (constant == null) {
            throw FormatException.of(file, "'" + value + "' is no constant");
        }
        return constant;
    }

    /** The constant that a value is known to be. */
    Optional<TensorValue> constantOf(String value) {
        return Optional.ofNullable(constants.get(value));
    }

    /** The type of a value, whether computed or constant. */
    Optional<TensorType> typeIfKnown(String value) {
        TensorValue constant = constants.get(value);
        return Optional.ofNullable(
                types.containsKey(value)
                        ? types.get(value)
                        : constant == null ? null : new TensorType(constant.dtype(), constant.shape()));
    }

    /** Operators whose elements are those of their first input. */
    private static final Set<Class<? extends Op>> MOVES = Set.of(
            Expand.class,
            Slice.class,
            Split.class,
            Gather.class,
            Squeeze.class,
            Unsqueeze.class,
            Reshape.class,
            Transpose.class);

    /** Whether a value is known to be zero everywhere, also where it is spread over the batch or cut from such. */
    boolean isZero(String value) {
        TensorValue constant = constants.get(value);
        if (constant != null) {
            return ConstantNodes.isZero(constant);
        }
        return nodes.stream()
                .filter(node -> node.outputs().contains(value))
                .anyMatch(node -> (MOVES.contains(node.op().getClass())
                                && isZero(node.inputs().get(0)))
                        || (node.op() instanceof Constant filled && ConstantNodes.isZero(filled.value())));
    }

    ShapeArithmetic shapes() {
        return shapes;
    }

    /** A value whose first dimension is the batch: the one whose shape our own file asked for, else an input. */
    String batchOf(Sizes sizes) {
        return origin.own()
                ? sizes.source()
                : proto.getInputList().stream()
                        .map(ValueInfoProto::getName)
                        .filter(input -> types.containsKey(input)
                                && typeOf(input).rank() > 0
                                && typeOf(input).dim(0) == -1)
                        .findFirst()
                        .orElse(sizes.source());
    }

    /** A value of the graph under the name that the file gives it, so that callers find it. */
    private String output(String name) {
        String value = operand("the graph's output", name);
        if (!value.equals(name) && !types.containsKey(name)) {
            append(unique("Identity_" + name), new Identity(), List.of(value), List.of(name));
            return name;
        }
        return value;
    }

    /** Drops nodes and parameters that no output needs, such as those that computed a shape. */
    private void dropUnused(List<String> outputs) {
        Set<String> needed = new HashSet<>(outputs);
        List<Node> kept = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(needed::contains)) {
                needed.addAll(node.inputs());
                kept.add(0, node);
            }
        }
        nodes.clear();
        nodes.addAll(kept);
        parameters.retainAll(needed);
    }

    /** Adds a node to the graph. */
    void append(String name, Op op, List<String> inputs, List<String> outputs) {
        try {
            List<TensorType> in = inputs.stream()
                    .map(value -> value.isEmpty() ? TensorType.ABSENT : typeOf(value))
                    .toList();
            List<TensorType> out = op.infer(in);
            List<String> all = new ArrayList<>(outputs);
            while (all.size() < out.size()) {
                all.add(unique("unused"));
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
    String operand(String user, String value) {
        String actual = actual(value);
        if (types.containsKey(actual)) {
            return actual;
        }
        if (shapes.find(actual).isPresent()) {
            throw FormatException.of(
                    file,
                    user + " calculates with '" + value
                            + "', which depends on the batch; export the model with a fixed batch");
        }
        TensorValue constant = constants.get(actual);
        if (constant == null) {
            throw FormatException.of(
                    file,
                    user + " needs '" + value + "', which is no input, no initialiser and no earlier node's output");
        }
        if (!origin.own() && !(trained.contains(actual) && ConstantNodes.isFinite(constant))) {
            append(unique("Constant_" + actual), new Constant(constant), List.of(), List.of(actual));
        } else {
            types.put(actual, new TensorType(constant.dtype(), constant.shape()));
            parameters.add(actual);
        }
        return actual;
    }

    Op op(String type, String name, Map<String, Attribute> attributes) {
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

    String unique(String wanted) {
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

    TensorType typeOf(String value) {
        TensorType type = types.get(value);
        if (type == null) {
            throw FormatException.of(file, "nothing gives the type of '" + value + "'");
        }
        return type;
    }

    FormatException refuse(String node, String problem) {
        return FormatException.of(file, "node '" + node + "': " + problem);
    }
}
