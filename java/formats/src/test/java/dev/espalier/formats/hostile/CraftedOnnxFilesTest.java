package dev.espalier.formats.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.espalier.formats.Golden;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.formats.onnx.OnnxTest;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Graphs that are written in few bytes and would take long or much to read. */
@NoLeaks
class CraftedOnnxFilesTest {
    private static final Outcome.Reader READER = file -> Onnx.read(file).close();

    @TempDir
    Path folder;

    @BeforeAll
    static void loadClasses() {
        Outcome.of(READER, Golden.file(OnnxTest.class, "script.onnx"), 0);
    }

    private static ValueInfoProto value(String name, long... dims) {
        TypeProto.Tensor.Builder tensor = TypeProto.Tensor.newBuilder().setElemType(TensorProto.DataType.FLOAT_VALUE);
        for (long dim : dims) {
            if (dim < 0) {
                tensor.getShapeBuilder().addDimBuilder().setDimParam("batch");
            } else {
                tensor.getShapeBuilder().addDimBuilder().setDimValue(dim);
            }
        }
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder().setTensorType(tensor))
                .build();
    }

    private static NodeProto.Builder node(String name, String type, String... inputs) {
        return NodeProto.newBuilder()
                .setName(name)
                .setOpType(type)
                .addAllInput(List.of(inputs))
                .addOutput(name);
    }

    private static AttributeProto number(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.INT)
                .setI(value)
                .build();
    }

    private static AttributeProto numbers(String name, long... values) {
        AttributeProto.Builder attribute =
                AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
        for (long value : values) {
            attribute.addInts(value);
        }
        return attribute.build();
    }

    /** Whole numbers as an initialiser of rank 1. */
    private static TensorProto wholes(String name, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return TensorProto.newBuilder()
                .setName(name)
                .setDataType(TensorProto.DataType.INT64_VALUE)
                .addDims(values.length)
                .setRawData(ByteString.copyFrom(bytes))
                .build();
    }

    private static TensorProto.Builder reals(String name, long... dims) {
        TensorProto.Builder tensor =
                TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT_VALUE);
        for (long dim : dims) {
            tensor.addDims(dim);
        }
        return tensor;
    }

    private String verdict(GraphProto.Builder graph) throws IOException {
        ModelProto model = ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph.setName("g"))
                .build();
        return Crafted.verdict(READER, Files.write(folder.resolve("m.onnx"), model.toByteArray()));
    }

    /** Each shape is the one before, twice. */
    @Test
    void shapesDoNotDoubleWithoutEnd() throws IOException {
        GraphProto.Builder graph =
                GraphProto.newBuilder().addInput(value("x", -1, 3)).addNode(node("s0", "Shape", "x"));
        for (int i = 1; i <= 30; i++) {
            String last = "s" + (i - 1);
            graph.addNode(node("s" + i, "Concat", last, last).addAttribute(number("axis", 0)));
        }
        assertThat(verdict(graph.addOutput(value("s30")))).contains("depends on the batch");
    }

    @Test
    void aTableOfNumbersIsNotJoinedToItselfWithoutEnd() throws IOException {
        NodeProto.Builder joined =
                node("y", "Concat", Collections.nCopies(100_000, "c").toArray(String[]::new));
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInitializer(wholes("c", new long[4096]))
                .addNode(joined.addAttribute(number("axis", 0)));
        assertThat(verdict(graph.addOutput(value("y")))).contains("the constants that");
    }

    @Test
    void aTableOfNumbersIsNotCalculatedWithWithoutEnd() throws IOException {
        GraphProto.Builder graph = GraphProto.newBuilder().addInitializer(wholes("c", new long[4096]));
        for (int i = 0; i < 10_000; i++) {
            graph.addNode(node("m" + i, "Mul", "c", "c"));
        }
        assertThat(verdict(graph.addOutput(value("m0")))).contains("the constants that");
    }

    /** Slices of a constant of 16 MB, each of which would copy it. */
    @Test
    void aLargeConstantIsNotCopiedWithoutEnd() throws IOException {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInitializer(wholes("c", new long[2 << 20]))
                .addInitializer(wholes("first", 0))
                .addInitializer(wholes("second", 1));
        for (int i = 0; i < 4000; i++) {
            graph.addNode(node("s" + i, "Slice", "c", "first", "second"));
        }
        assertThat(verdict(graph.addOutput(value("s0")))).contains("the constants that");
    }

    /** Ten billion comparisons, none of which counts as a multiplication. */
    @Test
    void aLargeConstantIsNotPooledWithoutEnd() throws IOException {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInitializer(wholes("shape", 1, 1, 640, 640))
                .addNode(node("c", "ConstantOfShape", "shape"))
                .addNode(node("y", "MaxPool", "c").addAttribute(numbers("kernel_shape", 320, 320)));
        assertThat(verdict(graph.addOutput(value("y")))).contains("the constants that");
    }

    private static TensorProto external(TensorProto.Builder tensor, String location) {
        return tensor.setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(
                        StringStringEntryProto.newBuilder().setKey("location").setValue(location))
                .build();
    }

    /** Tensors of a kibibyte that all lie in the same one, or in the model's own first. */
    @ParameterizedTest
    @CsvSource({"16, data, accepted", "17, data, bytes of external data", "2000, m.onnx, bytes of external data"})
    void externalDataIsSharedOnlySoFar(int tensors, String location, String verdict) throws IOException {
        Files.write(folder.resolve("data"), new byte[1024]);
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(value("x", -1, 256))
                .addNode(node("y", "Mul", "x", "w0"))
                .addOutput(value("y", -1, 256));
        for (int i = 0; i < tensors; i++) {
            graph.addInitializer(external(reals("w" + i, location.equals("data") ? 256 : 4096), location));
        }
        assertThat(verdict(graph)).contains(verdict);
    }

    /** The first state of a recurrent layer: zeros, twenty thousand moves away. */
    @Test
    void zerosAreKnownBehindALongChain() throws IOException {
        ByteString weights = ByteString.copyFrom(new byte[64]);
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(value("x", -1, 3, 2))
                .addInitializer(wholes("one", 1))
                .addInitializer(wholes("two", 2))
                .addInitializer(reals("w", 1, 8, 2).setRawData(weights))
                .addInitializer(reals("r", 1, 8, 2).setRawData(weights))
                .addNode(node("steps", "Transpose", "x").addAttribute(numbers("perm", 1, 0, 2)))
                .addNode(node("batch", "Shape", "x")
                        .addAttribute(number("start", 0))
                        .addAttribute(number("end", 1)))
                .addNode(node("shape", "Concat", "one", "batch", "two").addAttribute(number("axis", 0)))
                .addNode(node("h0", "ConstantOfShape", "shape"));
        for (int i = 1; i <= 20_000; i++) {
            graph.addNode(node("h" + i, "Transpose", "h" + (i - 1)).addAttribute(numbers("perm", 0, 1, 2)));
        }
        graph.addNode(node("y", "LSTM", "steps", "w", "r", "", "", "h20000").addAttribute(number("hidden_size", 2)));
        assertThat(verdict(graph.addOutput(value("y", 3, 1, -1, 2)))).isEqualTo("accepted");
    }

    /** A result of each node of a long chain behind an operator that is not supported. */
    @Test
    void manyOutputsOfAClassifierAreSortedOutAtOnce() throws IOException {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(value("x", -1, 3))
                .addNode(node("v0", "Scaler", "x").setDomain("ai.onnx.ml"));
        for (int i = 1; i <= 20_000; i++) {
            graph.addNode(node("v" + i, "Relu", "v" + (i - 1))).addOutput(value("v" + i, -1, 3));
        }
        assertThat(verdict(graph)).contains("compute all its outputs");
    }

    /** A Reshape to a thousand axes, most of one element. */
    @Test
    void resultsHaveNoMoreAxesThanATensorCanHave() throws IOException {
        long[] shape = new long[1000];
        Arrays.fill(shape, 1);
        shape[0] = 3;
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(value("x", 3))
                .addInitializer(wholes("shape", shape))
                .addInitializer(wholes("back", 3))
                .addNode(node("wide", "Reshape", "x", "shape"))
                .addNode(node("y", "Reshape", "wide", "back"));
        assertThat(verdict(graph.addOutput(value("y", 3)))).contains("at most N dimensions");
    }
}
