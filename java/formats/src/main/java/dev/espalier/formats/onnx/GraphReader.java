package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.espalier.formats.FormatException;
import dev.espalier.graph.Graph;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.EspalierException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private final KnownValues values;
    private final GraphAssembly graph;
    private final NodeForms forms;
    private final ConstantFolding folding;

    GraphReader(Path file, GraphProto proto, Origin origin) {
        this.file = file;
        this.proto = proto;
        this.origin = origin;
        this.tensors = new TensorProtos(file);
        this.values = new KnownValues(file);
        this.graph = new GraphAssembly(file, proto, origin, values);
        this.forms = new NodeForms(graph, origin);
        this.folding = new ConstantFolding(proto.getSerializedSize());
    }

    Parsed read() {
        if (proto.getSparseInitializerCount() > 0) {
            throw FormatException.of(file, "has sparse initialisers, which are not supported; store them densely");
        }
        folding.addOutside(values.addInitialisers(proto, tensors));
        values.count(proto);
        Map<String, TensorType> inputs = inputs();
        inputs.forEach(values::addType);
        origin.outsideParameters().forEach(inputs::remove);
        readNodes(proto);
        Graph whole = graph.build(inputs);
        Map<String, TensorValue> stored = new LinkedHashMap<>();
        for (String parameter : whole.parameters().keySet()) {
            values.findConstant(parameter).ifPresent(value -> stored.put(parameter, value));
        }
        return new Parsed(whole, stored);
    }

    private Map<String, TensorType> inputs() {
        Map<String, TensorType> inputs = new LinkedHashMap<>();
        for (ValueInfoProto input : proto.getInputList()) {
            if (!values.isConstant(input.getName())) {
                inputs.put(input.getName(), InputTypes.read(file, input));
            }
        }
        return inputs;
    }

    private void readNodes(GraphProto part) {
        for (int i = 0; i < part.getNodeCount(); i++) {
            NodeProto node = part.getNode(i);
            String name = nameOf(node, i);
            try {
                read(node, name);
            } catch (FormatException e) {
                throw e;
            } catch (EspalierException e) {
                throw new FormatException(file + ": node '" + name + "': " + e.getMessage(), e);
            } catch (ArithmeticException | IllegalArgumentException | IndexOutOfBoundsException e) {
                throw graph.impossible(name, node.getOpType(), e);
            }
        }
    }

    private void read(NodeProto node, String name) {
        if (!OnnxFile.isOnnx(node.getDomain())) {
            throw graph.refuse(name, "operator '" + node.getDomain() + "." + node.getOpType() + "' is not supported");
        }
        if (node.getOutputCount() == 0) {
            throw graph.refuse(name, node.getOpType() + " has no output");
        }
        List<String> inputs = node.getInputList().stream().map(values::actual).toList();
        if (node.getOpType().equals("If")) {
            choose(node, name, inputs);
            return;
        }
        Call call = new Call(name, node.getOpType(), inputs, outputs(node), attributes(node, name));
        ShapeArithmetic shapes = values.shapes();
        boolean done = origin.own() ? shapes.concerns(call) && shapes.fold(call) : fold(call);
        if (!done) {
            forms.add(call);
        }
    }

    /** Results without those at the end that nobody uses; the pieces of a Split and the states of a recurrent layer all count. */
    private List<String> outputs(NodeProto node) {
        List<String> outputs = new ArrayList<>(node.getOutputList());
        boolean all = SEVERAL_RESULTS.contains(node.getOpType());
        while (!all && outputs.size() > 1 && values.usesOf(outputs.get(outputs.size() - 1)) == 0) {
            outputs.remove(outputs.size() - 1);
        }
        outputs.replaceAll(value -> value.isEmpty() ? graph.unique("unused") : value);
        return outputs;
    }

    /** Puts the branch of a constant condition in the place of the node. */
    private void choose(NodeProto node, String name, List<String> inputs) {
        TensorValue condition =
                inputs.isEmpty() ? null : values.findConstant(inputs.get(0)).orElse(null);
        if (condition == null || condition.shape().numel() != 1) {
            throw graph.refuse(
                    name, "If depends on a computed condition, which is not supported; export the branch taken");
        }
        String wanted = condition.toLongs()[0] != 0 ? "then_branch" : "else_branch";
        GraphProto branch = node.getAttributeList().stream()
                .filter(attribute -> attribute.getName().equals(wanted))
                .map(AttributeProto::getG)
                .findFirst()
                .orElseThrow(() -> graph.refuse(name, "If has no " + wanted));
        folding.addOutside(values.addInitialisers(branch, tensors));
        readNodes(branch);
        for (int i = 0; i < Math.min(node.getOutputCount(), branch.getOutputCount()); i++) {
            values.alias(node.getOutput(i), branch.getOutput(i).getName());
        }
    }

    /** Whether the node stands for constants, which are then known under the names of its outputs. */
    private boolean fold(Call call) {
        String output = call.outputs().get(0);
        if (call.type().equals("Constant")) {
            TensorValue value = ConstantNodes.value(call.attributes())
                    .orElseThrow(() -> graph.refuse(
                            call.name(),
                            "a Constant of the kind " + call.attributes().keySet() + " is not supported"));
            values.addTrained(output, value);
            return true;
        }
        if (call.type().equals("Identity") && values.isConstant(call.input(0))) {
            values.alias(output, call.input(0));
            return true;
        }
        return values.shapes().fold(call) || foldConstants(call);
    }

    /** Evaluates a node of constants, unless it only changes the form of a weight that other nodes use as it is. */
    private boolean foldConstants(Call call) {
        List<String> weights =
                call.inputs().stream().filter(values::isTrained).distinct().toList();
        boolean constant = !call.inputs().isEmpty()
                && call.inputs().stream().allMatch(value -> value.isEmpty() || values.isConstant(value))
                && weights.stream().allMatch(weight -> values.usesOf(weight) == 1);
        if (!constant) {
            return false;
        }
        List<TensorValue> results = evaluate(call);
        boolean another = weights.size() == 1 && call.outputs().size() == 1;
        for (int i = 0; i < Math.min(results.size(), call.outputs().size()); i++) {
            String output = call.outputs().get(i);
            if (another) {
                values.replace(weights.get(0), call.type(), results.get(i), output);
            } else if (weights.isEmpty()) {
                values.addConstant(output, results.get(i));
            } else {
                values.addTrained(output, results.get(i));
            }
        }
        return true;
    }

    private List<TensorValue> evaluate(Call call) {
        if (call.type().equals("ConstantOfShape")) {
            long[] shape = values.constant(call.input(0)).toLongs();
            return List.of(folding.filled(shape, call.attributes().get("value")));
        }
        if (call.type().equals("Range")) {
            return List.of(folding.range(
                    values.constant(call.input(0)), values.constant(call.input(1)), values.constant(call.input(2))));
        }
        NodeForms.Ready ready = forms.ready(call);
        List<@Nullable TensorValue> operands = new ArrayList<>();
        ready.operands().forEach(value -> operands.add(value.isEmpty() ? null : values.constant(value)));
        return folding.evaluate(ready.op(), operands);
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
        return graph.unique(node.getName().isEmpty() ? node.getOpType() + "_" + index : node.getName());
    }
}
