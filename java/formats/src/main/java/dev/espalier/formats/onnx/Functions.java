package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import dev.espalier.formats.FormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Replaces the calls of functions that a model defines by the nodes of the functions. */
final class Functions {
    private static final int DEEPEST = 16;
    private static final int MOST_NODES = 200_000;
    /** Nodes of functions may take this many times the bytes of the model, which holds each of them once, and {@link #SLACK} more. */
    private static final int MOST_GROWTH = 32;

    private static final long SLACK = 2 << 20;

    private final Path file;
    private final long mostBytes;
    private final Map<String, FunctionProto> functions = new HashMap<>();
    private final List<NodeProto> nodes = new ArrayList<>();

    private int calls;
    private long bytes;

    private Functions(Path file, long mostBytes) {
        this.file = file;
        this.mostBytes = mostBytes;
    }

    /** The model's graph without calls of its functions. */
    static GraphProto inlined(ModelProto model, Path file) {
        if (model.getFunctionsCount() == 0) {
            return model.getGraph();
        }
        Functions inlining = new Functions(file, MOST_GROWTH * (long) model.getSerializedSize() + SLACK);
        for (FunctionProto function : model.getFunctionsList()) {
            inlining.define(function, OnnxFile.opset(model));
        }
        model.getGraph().getNodeList().forEach(node -> inlining.add(node, 0));
        return model.getGraph().toBuilder()
                .clearNode()
                .addAllNode(inlining.nodes)
                .build();
    }

    private void define(FunctionProto function, long opset) {
        for (OperatorSetIdProto set : function.getOpsetImportList()) {
            if (OnnxFile.isOnnx(set.getDomain()) && set.getVersion() != opset) {
                throw FormatException.of(
                        file,
                        "function '" + function.getName() + "' uses operator set " + set.getVersion()
                                + ", the model itself set " + opset + "; inline the model's functions first");
            }
        }
        if (functions.put(key(function.getDomain(), function.getName()), function) != null) {
            throw FormatException.of(file, "has two functions named '" + function.getName() + "'");
        }
    }

    private static String key(String domain, String name) {
        return (OnnxFile.isOnnx(domain) ? "" : domain) + " " + name;
    }

    private void add(NodeProto node, int depth) {
        FunctionProto function = functions.get(key(node.getDomain(), node.getOpType()));
        if (depth > 0) {
            bytes += node.getSerializedSize();
        }
        if (depth > DEEPEST || nodes.size() + calls > MOST_NODES || bytes > mostBytes) {
            throw FormatException.of(
                    file,
                    "functions call each other more than " + DEEPEST + " deep or stand for more than " + MOST_NODES
                            + " nodes or " + mostBytes + " bytes; inline the model's functions first");
        }
        if (function == null) {
            nodes.add(node);
        } else {
            calls++;
            expand(node, function, depth);
        }
    }

    private void expand(NodeProto call, FunctionProto function, int depth) {
        boolean branches = function.getNodeList().stream()
                .flatMap(node -> node.getAttributeList().stream())
                .anyMatch(attribute -> attribute.hasG() || attribute.getGraphsCount() > 0);
        if (branches) {
            throw FormatException.of(
                    file, "function '" + function.getName() + "' has branches; inline the model's functions first");
        }
        String place = (call.getName().isEmpty() ? call.getOpType() : call.getName()) + "/";
        String own = place + (call.getOutputCount() == 0 ? "" : call.getOutput(0)) + "/";
        Map<String, String> names = new HashMap<>(Map.of("", ""));
        for (int i = 0; i < function.getInputCount(); i++) {
            names.put(function.getInput(i), i < call.getInputCount() ? call.getInput(i) : "");
        }
        for (int i = 0; i < function.getOutputCount(); i++) {
            boolean asked = i < call.getOutputCount() && !call.getOutput(i).isEmpty();
            names.put(function.getOutput(i), asked ? call.getOutput(i) : own + function.getOutput(i));
        }
        Map<String, AttributeProto> given = new HashMap<>();
        function.getAttributeProtoList().forEach(attribute -> given.put(attribute.getName(), attribute));
        call.getAttributeList().forEach(attribute -> given.put(attribute.getName(), attribute));
        for (NodeProto inner : function.getNodeList()) {
            NodeProto.Builder node =
                    inner.toBuilder().clearInput().clearOutput().clearAttribute();
            node.setName(place + (inner.getName().isEmpty() ? inner.getOpType() : inner.getName()));
            inner.getInputList().forEach(value -> node.addInput(names.getOrDefault(value, own + value)));
            inner.getOutputList().forEach(value -> node.addOutput(names.getOrDefault(value, own + value)));
            for (AttributeProto attribute : inner.getAttributeList()) {
                AttributeProto actual =
                        attribute.getRefAttrName().isEmpty() ? attribute : given.get(attribute.getRefAttrName());
                if (actual != null) {
                    node.addAttribute(actual.toBuilder().setName(attribute.getName()));
                }
            }
            add(node.build(), depth + 1);
        }
    }
}
