package dev.espalier.formats.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.Golden;
import dev.espalier.formats.StorageException;
import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.op.GroupNormalization;
import dev.espalier.op.TensorType;
import dev.espalier.op.UnsupportedOperatorException;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
class OnnxErrorsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {"", "\n", "PK\u0003\u0004", "hello, this is a text file\n", "{\"json\": true}", "\u0008\u0007"})
    void otherFilesAreNotOnnx(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("m.onnx"), content);
        refusal(file, FormatException.class).hasMessageContaining("not an ONNX file");
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(Golden.file(OnnxErrorsTest.class, "script.onnx"));
        Path file = folder.resolve("cut.onnx");
        for (int length = 0; length < whole.length - 100; length += 61) {
            Files.write(file, Arrays.copyOf(whole, length));
            refusal(file, FormatException.class);
        }
    }

    @Test
    void noTruncationOfOurOwnFileLosesItsMetadata() throws IOException {
        Path file = folder.resolve("own.onnx");
        try (Model model = Models.mlp(Shape.of(3), 2, List.of(2), 1)) {
            Onnx.write(model, file);
        }
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            refusal(file, FormatException.class);
        }
    }

    @Test
    void missingFilesAreNamed() {
        refusal(folder.resolve("no.onnx"), StorageException.class).hasMessageContaining("no such file");
    }

    @Test
    void unknownOperatorsAreNamedWithTheirNode() throws IOException {
        refuse(graph -> graph.getNodeBuilder(0).setOpType("Celu"), "node 'mul'", "Celu");
        refuse(graph -> graph.getNodeBuilder(0).setDomain("com.acme"), "node 'mul'", "com.acme.Mul");
        refuse(
                graph -> graph.getNodeBuilder(0)
                        .addAttribute(AttributeProto.newBuilder()
                                .setName("fancy")
                                .setType(AttributeProto.AttributeType.INT)
                                .setI(1)),
                "node 'mul'",
                "fancy");
    }

    @Test
    void wrongTensorsAreNamed() throws IOException {
        refuse(graph -> graph.getInitializerBuilder(0).setDataType(TensorProto.DataType.INT4_VALUE), "'w'", "INT4");
        refuse(graph -> graph.getInitializerBuilder(0).setDims(0, 5), "'w'", "20 bytes", "12");
        refuse(graph -> graph.getInitializerBuilder(0).setDims(0, -1), "'w'", "negative");
        refuse(
                graph -> graph.getInitializerBuilder(0)
                        .setDims(0, Long.MAX_VALUE)
                        .addDims(4),
                "'w'",
                "too large");
        refuse(graph -> graph.removeInitializer(0), "node 'mul'", "'w'", "no initialiser");
        refuse(graph -> graph.addInitializer(graph.getInitializer(0)), "two initialisers", "'w'");
    }

    @Test
    void wrongGraphsAreRefused() throws IOException {
        refuse(graph -> graph.getNodeBuilder(0).setInput(0, "nowhere"), "node 'mul'", "'nowhere'");
        refuse(graph -> graph.getNodeBuilder(0).clearOutput(), "node 'mul'", "no output");
        refuse(graph -> graph.getOutputBuilder(0).setName("z"), "'z'");
        refuse(graph -> graph.setNode(0, graph.getNode(0).toBuilder().addInput("w")), "node 'mul'", "Mul");
        refuse(
                graph -> graph.getInputBuilder(0)
                        .getTypeBuilder()
                        .getTensorTypeBuilder()
                        .getShapeBuilder()
                        .getDimBuilder(1)
                        .setDimParam("width"),
                "input 'x'",
                "'width'");
        refuse(
                graph -> graph.getInputBuilder(0)
                        .getTypeBuilder()
                        .getTensorTypeBuilder()
                        .setElemType(TensorProto.DataType.STRING_VALUE),
                "input 'x'",
                "STRING");
        refuse(graph -> graph.addNode(graph.getNode(0).toBuilder().setName("again")), "'y'");
    }

    @Test
    void computedSettingsAreRefused() throws IOException {
        refuse(
                graph -> graph.addNode(NodeProto.newBuilder()
                        .setName("shape")
                        .setOpType("Reshape")
                        .addInput("y")
                        .addInput("y")
                        .addOutput("z")),
                "node 'shape'",
                "only constants");
    }

    @Test
    void otherOperatorSetsAreRefused() throws IOException {
        for (long version : new long[] {0, 10, 22}) {
            ModelProto.Builder model = model();
            model.getOpsetImportBuilder(0).setVersion(version);
            refusal(write(model), FormatException.class).hasMessageContaining("operator set " + version);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/hostname", "../secret", "a/../../secret", "link", "no", ""})
    void externalDataOutsideTheFolderIsRefused(String location) throws IOException {
        Path outside = Files.createDirectories(folder.resolve("out")).resolve("secret");
        Files.write(outside, new byte[100]);
        Path inside = Files.createDirectories(folder.resolve("out/in"));
        Files.createSymbolicLink(inside.resolve("link"), outside);
        ModelProto.Builder model = model();
        external(model, "location", location);
        Path file = Files.write(inside.resolve("m.onnx"), model.build().toByteArray());
        refusal(file, FormatException.class).hasMessageContaining("'w'");
    }

    @Test
    void externalDataMustHoldWhatIsAskedOfIt() throws IOException {
        Files.write(folder.resolve("data"), new byte[16]);
        for (String offset : new String[] {"5", "-1", "x", Long.toString(Long.MAX_VALUE)}) {
            ModelProto.Builder model = model();
            external(model, "location", "data");
            external(model, "offset", offset);
            refusal(write(model), FormatException.class).hasMessageContaining("'w'");
        }
    }

    private static void external(ModelProto.Builder model, String key, String value) {
        model.getGraphBuilder()
                .getInitializerBuilder(0)
                .clearFloatData()
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(StringStringEntryProto.newBuilder().setKey(key).setValue(value));
    }

    private void refuse(Consumer<GraphProto.Builder> damage, String... named) throws IOException {
        ModelProto.Builder model = model();
        damage.accept(model.getGraphBuilder());
        refusal(write(model), FormatException.class).hasMessageContainingAll(named);
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> refusal(
            Path file, Class<? extends EspalierException> kind) {
        AbstractThrowableAssert<?, ? extends Throwable> failure = assertThatThrownBy(() -> Onnx.read(file));
        failure.isInstanceOf(kind).message().contains(file.toString()).doesNotContain("\n");
        return failure;
    }

    private Path write(ModelProto.Builder model) throws IOException {
        return Files.write(folder.resolve("m.onnx"), model.build().toByteArray());
    }

    /** y = x * w with x [batch, 3]. */
    private static ModelProto.Builder model() {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("g")
                .addInput(InputTypes.write("x", TensorType.f32(-1, 3)))
                .addOutput(InputTypes.write("y", TensorType.f32(-1, 3)))
                .addInitializer(TensorProto.newBuilder()
                        .setName("w")
                        .setDataType(TensorProto.DataType.FLOAT_VALUE)
                        .addDims(3)
                        .addFloatData(1)
                        .addFloatData(2)
                        .addFloatData(3))
                .addNode(NodeProto.newBuilder()
                        .setName("mul")
                        .setOpType("Mul")
                        .addInput("x")
                        .addInput("w")
                        .addOutput("y"));
        return ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph);
    }

    /** Before operator set 21 a scale is of a group, from then on of a channel. */
    @Test
    void scalesOfGroupsAndOfChannelsDoNotShareAFile() {
        assertThat(Onnx.head(normed(6, 6)).getOpsetImport(0).getVersion()).isEqualTo(21);
        assertThat(Onnx.head(normed(3, 3)).getOpsetImport(0).getVersion()).isEqualTo(18);
        assertThatThrownBy(() -> Onnx.head(normed(6, 3)))
                .isInstanceOf(UnsupportedOperatorException.class)
                .hasMessageContaining("node 'second'")
                .hasMessageContaining("3 groups");
    }

    /** Two normalisations of six channels in three groups, with so many scales each. */
    private static Graph normed(long first, long second) {
        return Graph.builder("normed")
                .input("x", TensorType.f32(-1, 6, 4, 4))
                .parameter("a", TensorType.f32(first))
                .parameter("b", TensorType.f32(second))
                .node("first", new GroupNormalization(3, 1e-5f), "x", "a", "a")
                .node("second", new GroupNormalization(3, 1e-5f), "first", "b", "b")
                .output("second")
                .build();
    }
}
