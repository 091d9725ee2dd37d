package dev.espalier.formats.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import dev.espalier.formats.FormatException;
import dev.espalier.model.Model;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Forms of nodes that other programs write, each against ONNX Runtime on the same file. */
@NoLeaks
class ForeignFilesTest {
    @TempDir
    Path folder;

    private static TensorType f(long... dims) {
        return TensorType.f32(dims);
    }

    private static Map<String, Attribute> axis(long axis) {
        return Map.of("axis", Attribute.of(axis));
    }

    private static TensorValue truth(boolean value) {
        return new TensorValue(DType.BOOL, Shape.of(), ByteBuffer.wrap(new byte[] {(byte) (value ? 1 : 0)}));
    }

    /** Reads the file, runs it and compares its first output; two summations of a dozen terms may differ in each of some layers. */
    private Model same(OnnxDraft draft, long... sample) {
        Path file = draft.write(folder.resolve("m.onnx"));
        Rng.seed(4);
        try (Scope scope = Scope.open()) {
            Model model = Onnx.read(file);
            Tensor x = Tensor.randn(Device.CPU, sample);
            String input = model.graph().inputs().keySet().iterator().next();
            float[] expected = Reference.run(file, Map.of(input, x));
            Tensor y = Reference.run(model, x);
            float[] got = y.toFloatArray();
            assertThat(got).hasSameSizeAs(expected);
            double tolerance = 64 * 0x1p-24 * Math.max(1, y.abs().max().item());
            for (int i = 0; i < got.length; i++) {
                assertThat((double) got[i]).isCloseTo(expected[i], within(tolerance));
            }
            return model;
        }
    }

    private void closed(OnnxDraft draft, long... sample) {
        same(draft, sample).close();
    }

    static Stream<Arguments> softmaxes() {
        return Stream.of("Softmax", "LogSoftmax")
                .flatMap(type -> Stream.of(11L, 12L, 13L)
                        .flatMap(opset -> Stream.of(1L, 2L, -1L, -2L).map(axis -> Arguments.of(type, opset, axis))));
    }

    /** Until set 12 over all axes from one on, from set 13 along one axis. */
    @ParameterizedTest
    @MethodSource("softmaxes")
    void softmaxMeansWhatItsOperatorSetSays(String type, long opset, long axis) {
        closed(
                new OnnxDraft(opset)
                        .input("x", f(-1, 3, 4))
                        .node("y", type, List.of("x"), axis(axis))
                        .output("y", f(-1, 3, 4)),
                2,
                3,
                4);
    }

    /** Axis 1 until set 12, the last axis from set 13. */
    @ParameterizedTest
    @ValueSource(longs = {11, 13})
    void softmaxTakesTheDefaultOfItsOperatorSet(long opset) {
        OnnxDraft draft = new OnnxDraft(opset).input("x", f(-1, 3, 4)).node("y", "Softmax", "x");
        closed(draft.output("y", f(-1, 3, 4)), 2, 3, 4);
    }

    @Test
    void softmaxOverTheBatchIsRefused() {
        Path file = new OnnxDraft(11)
                .input("x", f(-1, 3))
                .node("y", "Softmax", List.of("x"), axis(0))
                .output("y", f(-1, 3))
                .write(folder.resolve("m.onnx"));
        assertThatThrownBy(() -> Onnx.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("node 'y")
                .hasMessageContaining("open batch");
    }

    /** Attributes until set 12, inputs from set 13. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 18})
    void axesAreAttributesOrInputs(long opset) {
        OnnxDraft draft = new OnnxDraft(opset).input("x", f(-1, 1, 3, 4));
        axes(draft, opset, "flat", "Squeeze", "x", 1);
        axes(draft, opset, "sum", "ReduceSum", "flat", -1);
        axes(draft, opset, "y", "Unsqueeze", "sum", 1);
        try (Model model = same(draft.output("y", f(-1, 1, 3, 1)), 2, 1, 3, 4)) {
            assertThat(model.graph().nodes().stream()
                            .map(node -> node.op().attributes().get("axes")))
                    .containsExactly(Ints.of(1), Ints.of(-1), Ints.of(1));
        }
    }

    private static void axes(OnnxDraft draft, long opset, String name, String type, String in, long axis) {
        if (opset < 13) {
            draft.node(name, type, List.of(in), Map.of("axes", Ints.of(axis)));
        } else {
            draft.numbers(name + ".axes", axis).node(name, type, in, name + ".axes");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theBranchOfAConstantConditionIsTaken(boolean condition) {
        OnnxDraft draft = new OnnxDraft(17)
                .input("x", f(-1, 4))
                .constant("condition", truth(condition))
                .constant("w", new float[] {1, -2, 3, -4}, 4)
                .node("scaled", "Mul", "x", "w");
        NodeProto.Builder choice = OnnxDraft.of("chosen", "If", List.of("condition"), Map.of());
        choice.addAttribute(OnnxDraft.branch(
                "then_branch",
                OnnxDraft.of("then", "Relu", List.of("scaled"), Map.of()).build(),
                f(-1, 4)));
        choice.addAttribute(OnnxDraft.branch(
                "else_branch",
                OnnxDraft.of("else", "Add", List.of("scaled", "w"), Map.of()).build(),
                f(-1, 4)));
        draft.node(choice.build()).node("y", "Neg", "chosen").output("y", f(-1, 4));
        try (Model model = same(draft, 3, 4)) {
            assertThat(model.graph().nodes().stream().map(node -> node.op().type()))
                    .containsExactly("Mul", condition ? "Relu" : "Add", "Neg");
        }
    }

    @Test
    void aComputedBatchIsCopiedWhereZerosAreMeant() {
        OnnxDraft draft = new OnnxDraft(17)
                .input("x", f(-1, 2, 3))
                .numbers("zero", 0)
                .numbers("one", 1)
                .numbers("six", 6)
                .node("shape", "Shape", "x")
                .node("batch", "Slice", "shape", "zero", "one")
                .node("target", "Concat", List.of("batch", "six"), Map.of("axis", Attribute.of(0)))
                .node("y", "Reshape", List.of("x", "target"), Map.of("allowzero", Attribute.of(1)))
                .output("y", f(-1, 6));
        same(draft, 4, 2, 3).close();
    }

    @Test
    void aComputedConditionIsRefused() {
        NodeProto.Builder choice = OnnxDraft.of("y", "If", List.of("c"), Map.of());
        for (String name : List.of("then_branch", "else_branch")) {
            choice.addAttribute(OnnxDraft.branch(
                    name,
                    OnnxDraft.of(name + ".y", "Relu", List.of("x"), Map.of()).build(),
                    f(-1)));
        }
        Path file = new OnnxDraft(17)
                .input("x", f(-1))
                .input("c", new TensorType(DType.BOOL, Shape.of(1)))
                .node(choice.build())
                .output("y", f(-1))
                .write(folder.resolve("m.onnx"));
        assertThatThrownBy(() -> Onnx.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("node 'y': If depends on a computed condition");
    }

    /** A function with an attribute of its own, which calls another, used twice. */
    @Test
    void functionsOfTheFileAreInlined() {
        OperatorSetIdProto set = OperatorSetIdProto.newBuilder().setVersion(17).build();
        OperatorSetIdProto own =
                OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1).build();
        FunctionProto leaky = FunctionProto.newBuilder()
                .setName("Leaky")
                .setDomain("own")
                .addInput("a")
                .addOutput("b")
                .addAttribute("slope")
                .addOpsetImport(set)
                .addNode(OnnxDraft.of("b", "LeakyRelu", List.of("a"), Map.of())
                        .addAttribute(AttributeProto.newBuilder()
                                .setName("alpha")
                                .setType(AttributeProto.AttributeType.FLOAT)
                                .setRefAttrName("slope")))
                .build();
        FunctionProto layer = FunctionProto.newBuilder()
                .setName("Layer")
                .setDomain("own")
                .addInput("v")
                .addInput("w")
                .addOutput("out")
                .addOpsetImport(set)
                .addOpsetImport(own)
                .addNode(OnnxDraft.of("product", "MatMul", List.of("v", "w"), Map.of()))
                .addNode(OnnxDraft.of("out", "Leaky", List.of("product"), Map.of("slope", Attribute.of(0.25f)))
                        .setDomain("own"))
                .build();
        OnnxDraft draft = new OnnxDraft(17)
                .input("x", f(-1, 2))
                .constant("w1", new float[] {1, -2, 3, 4, 5, -6}, 2, 3)
                .constant("w2", new float[] {1, -1, 0.5f}, 3, 1)
                .function(leaky)
                .function(layer)
                .node(OnnxDraft.of("h", "Layer", List.of("x", "w1"), Map.of())
                        .setDomain("own")
                        .build())
                .node(OnnxDraft.of("y", "Layer", List.of("h", "w2"), Map.of())
                        .setDomain("own")
                        .build())
                .output("y", f(-1, 1));
        try (Model model = same(draft, 4, 2)) {
            assertThat(model.graph().nodes().stream().map(node -> node.op().type()))
                    .containsExactly("MatMul", "LeakyRelu", "MatMul", "LeakyRelu");
        }
    }

    /** As skl2onnx writes an MLPClassifier: Softmax for several classes, for two a Sigmoid beside what it leaves. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aScikitLearnClassifierKeepsItsProbabilities(boolean two) {
        OnnxDraft whole = probabilities(two)
                .domain("ai.onnx.ml", 1)
                .numbers("classes", 10, 20, 30)
                .node("best", "ArgMax", List.of("p"), axis(1))
                .node(OnnxDraft.of("picked", "ArrayFeatureExtractor", List.of("classes", "best"), Map.of())
                        .setDomain("ai.onnx.ml")
                        .build())
                .numbers("all", -1)
                .node("label", "Reshape", "picked", "all")
                .node(OnnxDraft.of("tables", "ZipMap", List.of("p"), Map.of("classlabels_int64s", Ints.of(10, 20, 30)))
                        .setDomain("ai.onnx.ml")
                        .build())
                .output("label", new TensorType(DType.I64, Shape.of(-1)))
                .output("tables", f(-1, two ? 2 : 3));
        Path bare = probabilities(two).output("p", f(-1, two ? 2 : 3)).write(folder.resolve("bare.onnx"));
        Path file = whole.write(folder.resolve("sklearn.onnx"));
        try (Scope scope = Scope.open();
                Model model = Onnx.read(file)) {
            assertThat(model.graph().outputs()).containsExactly("tables");
            assertThat(model.metadata().extra())
                    .hasEntrySatisfying(
                            "left out label", why -> assertThat(why).contains("ArrayFeatureExtractor 'picked'"));
            Tensor x = Tensor.randn(Device.CPU, 5, 3);
            float[] expected = Reference.run(bare, Map.of("X", x));
            assertThat(Reference.run(model, x).toFloatArray()).containsExactly(expected, within(0x1p-20f));
        }
    }

    private static OnnxDraft probabilities(boolean two) {
        OnnxDraft draft = new OnnxDraft(15)
                .input("X", f(-1, 3))
                .constant("coefficient", new float[] {1, -2, 0.5f, 2, 1, -1, 0.25f, 3, -0.5f, 1, 2, -3}, 3, 4)
                .constant("intercepts", new float[] {0.1f, -0.2f, 0.3f, 0.4f}, 1, 4)
                .node("cast", "Cast", List.of("X"), Map.of("to", Attribute.of(1L)))
                .node("product", "MatMul", "cast", "coefficient")
                .node("sum", "Add", "product", "intercepts")
                .node("hidden", "Relu", "sum");
        if (two) {
            return draft.constant("out", new float[] {1, -1, 0.5f, 2}, 4, 1)
                    .constant("unit", new float[] {1}, 1)
                    .node("score", "MatMul", "hidden", "out")
                    .node("yes", "Sigmoid", "score")
                    .node("no", "Sub", "unit", "yes")
                    .node("p", "Concat", List.of("no", "yes"), axis(1));
        }
        return draft.constant("out", new float[] {1, -1, 0.5f, 2, 1, 0, -2, 1, 3, 0.5f, 1, -1}, 4, 3)
                .node("score", "MatMul", "hidden", "out")
                .node("p", "Softmax", List.of("score"), axis(1));
    }

    static Stream<Arguments> resizes() {
        return Stream.of("nearest", "linear", "cubic")
                .flatMap(mode -> Stream.of("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners")
                        .flatMap(way -> Stream.of(11L, 13L, 18L).map(opset -> Arguments.of(mode, way, opset))));
    }

    /** Scales to one size, then sizes to another; until set 12 an empty region stands in the second input. */
    @ParameterizedTest
    @MethodSource("resizes")
    void resizeInEveryCoordinateMode(String mode, String way, long opset) {
        Map<String, Attribute> settings = new LinkedHashMap<>(
                Map.of("mode", Attribute.of(mode), "coordinate_transformation_mode", Attribute.of(way)));
        if (mode.equals("nearest")) {
            settings.put("nearest_mode", Attribute.of("floor"));
        }
        String region = opset < 13 ? "none" : "";
        OnnxDraft draft = new OnnxDraft(opset)
                .input("x", f(2, 3, 4, 5))
                .constant("none", new float[0], 0)
                .constant("scales", new float[] {1, 1, 2, 1.5f}, 4)
                .numbers("sizes", 2, 3, 5, 9)
                .node("up", "Resize", List.of("x", region, "scales"), settings)
                .node("y", "Resize", List.of("up", region, opset < 13 ? "none" : "", "sizes"), settings)
                .output("y", f(2, 3, 5, 9));
        closed(draft, 2, 3, 4, 5);
    }

    @Test
    void aCastToTheTypeOfAnotherValue() {
        OnnxDraft draft = new OnnxDraft(18)
                .input("x", f(-1, 3))
                .numbers("zero", 0)
                .node("whole", "CastLike", "x", "zero")
                .node("y", "CastLike", "whole", "x")
                .output("y", f(-1, 3));
        closed(draft, 4, 3);
    }

    /** The sum over channels, the largest of them and a rescaled copy, as tables of features are prepared. */
    @Test
    void sumsAndExtremesAlongAnAxis() {
        OnnxDraft draft = new OnnxDraft(13)
                .input("x", f(-1, 3, 4))
                .constant("axis", TensorValue.of(new long[] {2}))
                .numbers("count", 2)
                .node("sums", "CumSum", "x", "axis")
                .node(
                        "unit",
                        "LpNormalization",
                        List.of("sums"),
                        Map.of("axis", Attribute.of(1L), "p", Attribute.of(2L)))
                .node(NodeProto.newBuilder()
                        .setName("best")
                        .setOpType("TopK")
                        .addInput("unit")
                        .addInput("count")
                        .addOutput("best")
                        .addOutput("places")
                        .build())
                .node("numbers", "Cast", List.of("places"), Map.of("to", Attribute.of(1L)))
                .node("y", "Add", "best", "numbers")
                .output("y", f(-1, 3, 2));
        closed(draft, 2, 3, 4);
    }
}
