package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** An ONNX file of another program, put together node by node. */
final class OnnxDraft {
    private final ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);

    OnnxDraft(long opset) {
        model.addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset));
        model.getGraphBuilder().setName("draft");
    }

    OnnxDraft input(String name, TensorType type) {
        model.getGraphBuilder().addInput(InputTypes.write(name, type));
        return this;
    }

    OnnxDraft output(String name, TensorType type) {
        model.getGraphBuilder().addOutput(InputTypes.write(name, type));
        return this;
    }

    OnnxDraft constant(String name, TensorValue value) {
        model.getGraphBuilder().addInitializer(TensorProtos.write(name, value));
        return this;
    }

    OnnxDraft constant(String name, float[] values, long... shape) {
        return constant(name, TensorValue.of(values, shape));
    }

    OnnxDraft numbers(String name, long... values) {
        return constant(name, TensorValue.of(values, values.length));
    }

    /** One node with one result, which has its name. */
    OnnxDraft node(String name, String type, List<String> inputs, Map<String, Attribute> attributes) {
        return node(of(name, type, inputs, attributes).build());
    }

    OnnxDraft node(String name, String type, String... inputs) {
        return node(name, type, List.of(inputs), Map.of());
    }

    OnnxDraft node(NodeProto node) {
        model.getGraphBuilder().addNode(node);
        return this;
    }

    OnnxDraft function(FunctionProto function) {
        model.addFunctions(function);
        return domain(function.getDomain(), 1);
    }

    OnnxDraft domain(String domain, long version) {
        model.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version));
        return this;
    }

    static NodeProto.Builder of(String name, String type, List<String> inputs, Map<String, Attribute> attributes) {
        NodeProto.Builder node = NodeProto.newBuilder()
                .setName(name)
                .setOpType(type)
                .addAllInput(inputs)
                .addOutput(name);
        attributes.forEach((key, value) -> node.addAttribute(AttributeProtos.write(key, value)));
        return node;
    }

    /** A branch that returns the result of one node. */
    static AttributeProto branch(String name, NodeProto node, TensorType type) {
        GraphProto graph = GraphProto.newBuilder()
                .setName(name)
                .addNode(node)
                .addOutput(InputTypes.write(node.getOutput(0), type))
                .build();
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(graph)
                .build();
    }

    Path write(Path file) {
        try {
            return Files.write(file, model.build().toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
