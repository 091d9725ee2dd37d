package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.espalier.formats.FormatException;
import dev.espalier.graph.Graph;
import dev.espalier.train.GraphCodec;
import java.nio.file.Path;
import java.util.List;

/** Graphs without weights as ONNX bytes: the parameters are inputs of the graph, and a metadata entry tells how many. */
public final class OnnxGraphs implements GraphCodec {
    private static final String PARAMETERS = "espalier.parameters";
    private static final Path NAME = Path.of("the checkpoint's graph");

    @Override
    public byte[] encode(Graph graph) {
        return Onnx.head(graph)
                .addMetadataProps(StringStringEntryProto.newBuilder()
                        .setKey(PARAMETERS)
                        .setValue(Integer.toString(graph.parameters().size())))
                .setGraph(GraphWriter.outline(graph))
                .build()
                .toByteArray();
    }

    @Override
    public Graph decode(byte[] bytes) {
        ModelProto proto;
        try {
            proto = ModelProto.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            throw new FormatException(NAME + " is not an ONNX message", e);
        }
        int count = proto.getMetadataPropsList().stream()
                .filter(entry -> entry.getKey().equals(PARAMETERS))
                .map(entry -> count(entry.getValue()))
                .findFirst()
                .orElseThrow(() -> new FormatException(NAME + " does not tell its parameters"));
        List<String> parameters = proto.getGraph().getInputList().stream()
                .limit(count)
                .map(input -> input.getName())
                .toList();
        return new GraphReader(NAME, proto.getGraph(), new GraphReader.Origin(true, OnnxFile.opset(proto), parameters))
                .read()
                .graph();
    }

    private static int count(String text) {
        try {
            return Integer.parseUnsignedInt(text);
        } catch (NumberFormatException e) {
            throw new FormatException(NAME + ": expected a number of parameters, got '" + text + "'", e);
        }
    }
}
