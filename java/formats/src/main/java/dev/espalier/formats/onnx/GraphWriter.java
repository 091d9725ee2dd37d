package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.Expand;
import dev.espalier.op.Ops;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Writes the graph of one model with its weights as initialisers; settings that ONNX wants as inputs become initialisers too. */
final class GraphWriter {
    private final Graph graph;
    private final GraphProto.Builder proto;
    private final Set<String> values;

    private GraphWriter(Graph graph) {
        this.graph = graph;
        this.proto = GraphProto.newBuilder().setName(graph.name());
        this.values = new HashSet<>(graph.values());
    }

    /** The graph with its weights. */
    static GraphProto write(Model model) {
        GraphWriter writer = new GraphWriter(model.graph());
        for (String name : model.graph().parameters().keySet()) {
            writer.proto.addInitializer(TensorProtos.write(name, model.weights().get(name)));
        }
        return writer.write();
    }

    /** The graph alone: its parameters stand before the inputs, so that their types are kept. */
    static GraphProto outline(Graph graph) {
        GraphWriter writer = new GraphWriter(graph);
        graph.parameters().forEach((name, type) -> writer.proto.addInput(InputTypes.write(name, type)));
        return writer.write();
    }

    private GraphProto write() {
        graph.inputs().forEach((name, type) -> proto.addInput(InputTypes.write(name, type)));
        graph.outputs().forEach(name -> proto.addOutput(InputTypes.write(name, graph.type(name))));
        graph.nodes().forEach(this::add);
        return proto.build();
    }

    private void add(Node node) {
        if (node.op() instanceof Expand expand && expand.followsBatch()) {
            addExpand(node, expand);
            return;
        }
        String type = node.op().type();
        NodeProto.Builder out = NodeProto.newBuilder().setName(node.name()).setOpType(type);
        Map<String, Attribute> attributes = new TreeMap<>(node.op().attributes());
        List<String> inputs = new ArrayList<>(node.inputs());
        for (String setting : Ops.constantInputs(type)) {
            Attribute value = attributes.remove(setting);
            inputs.add(value == null ? "" : initialiser(node, setting, value));
        }
        while (!inputs.isEmpty() && inputs.get(inputs.size() - 1).isEmpty()) {
            inputs.remove(inputs.size() - 1);
        }
        out.addAllInput(inputs).addAllOutput(node.outputs());
        attributes.forEach((name, value) -> out.addAttribute(AttributeProtos.write(name, value)));
        proto.addNode(out);
    }

    /** An Expand to a shape with the batch: the shape is put together from that of the second input and known sizes. */
    private void addExpand(Node node, Expand expand) {
        String batch = fresh(node.name() + ".batch");
        proto.addNode(NodeProto.newBuilder()
                .setName(batch)
                .setOpType("Shape")
                .addInput(node.inputs().get(1))
                .addOutput(batch)
                .addAttribute(AttributeProtos.write("start", Attribute.of(0)))
                .addAttribute(AttributeProtos.write("end", Attribute.of(1))));
        String shape = fresh(node.name() + ".shape");
        NodeProto.Builder joined = NodeProto.newBuilder()
                .setName(shape)
                .setOpType("Concat")
                .addOutput(shape)
                .addAttribute(AttributeProtos.write("axis", Attribute.of(0)));
        for (int i = 0; i < expand.shape().size(); i++) {
            long size = expand.shape().get(i);
            joined.addInput(size == -1 ? batch : initialiser(node, "shape." + i, Ints.of(size)));
        }
        proto.addNode(joined);
        proto.addNode(NodeProto.newBuilder()
                .setName(node.name())
                .setOpType(node.op().type())
                .addInput(node.inputs().get(0))
                .addInput(shape)
                .addAllOutput(node.outputs()));
    }

    private String fresh(String wanted) {
        String name = wanted;
        while (!values.add(name)) {
            name += "_";
        }
        return name;
    }

    private String initialiser(Node node, String setting, Attribute value) {
        String name = fresh(node.name() + "." + setting);
        DType operand = graph.inputTypes(node).get(0).dtype();
        TensorProto tensor = TensorProtos.write(name, tensor(setting, value, operand));
        proto.addInitializer(tensor);
        return name;
    }

    /** Real settings take the element type of the node's first input, as ONNX demands of Clip and Pad. */
    private static TensorValue tensor(String setting, Attribute value, DType operand) {
        if (value instanceof Ints numbers) {
            return TensorValue.of(numbers.toArray(), numbers.size());
        }
        if (value instanceof Floats numbers) {
            float[] all = new float[numbers.size()];
            for (int i = 0; i < all.length; i++) {
                all[i] = numbers.get(i);
            }
            return TensorValue.of(all, all.length);
        }
        if (value instanceof Attribute.Int number) {
            return TensorValue.of(new long[] {number.value()});
        }
        if (value instanceof Attribute.Float number) {
            return scalar(number.value(), operand);
        }
        if (value instanceof TensorValue tensor) {
            return tensor;
        }
        throw new IllegalStateException("setting '" + setting + "' is no number: " + value);
    }

    private static byte[] half(float value) {
        try (Scope scope = Scope.open()) {
            return Tensor.of(new float[] {value}, 1).to(DType.F16).toBytes();
        }
    }

    private static TensorValue scalar(float value, DType dtype) {
        ByteBuffer bytes = ByteBuffer.allocate(dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        switch (dtype) {
            case F32 -> bytes.putFloat(value);
            case F64 -> bytes.putDouble(value);
            case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
            case I64 -> bytes.putLong((long) value);
            case I32 -> bytes.putInt((int) value);
            case U8 -> bytes.put((byte) value);
            case F16 -> bytes.put(half(value));
            case BOOL -> throw new IllegalStateException("no scalar of type " + dtype);
        }
        return new TensorValue(dtype, Shape.of(), bytes.flip());
    }
}
