package dev.espalier.formats.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.ModelFile;
import dev.espalier.formats.safetensors.Safetensors;
import dev.espalier.model.Model;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes by one name in functions, branches and files of weights. */
@NoLeaks
class NamesTest {
    @TempDir
    Path folder;

    private static TensorType f(long... dims) {
        return TensorType.f32(dims);
    }

    @Test
    void functionsWithBranchesOrOfOneNameAreRefused() {
        NodeProto.Builder choice = OnnxDraft.of("b", "If", List.of("c"), Map.of());
        for (String name : List.of("then_branch", "else_branch")) {
            choice.addAttribute(OnnxDraft.branch(
                    name,
                    OnnxDraft.of(name + ".y", "Relu", List.of("a"), Map.of()).build(),
                    f(-1)));
        }
        FunctionProto.Builder function = FunctionProto.newBuilder()
                .setName("F")
                .setDomain("own")
                .addInput("a")
                .addOutput("b")
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17));
        FunctionProto branching = function.clone().addInput("c").addNode(choice).build();
        FunctionProto plain = function.clone()
                .addNode(OnnxDraft.of("b", "Relu", List.of("a"), Map.of()))
                .build();
        refusedWith("function 'F' has branches", branching);
        refusedWith("has two functions named 'F'", plain, plain);
    }

    /** Fifteen functions, each of ten calls of the next, stand for more nodes than anybody has time for. */
    @Test
    void functionsThatGrowWithoutEndAreRefused() {
        List<FunctionProto> functions = new ArrayList<>();
        for (int depth = 0; depth < 15; depth++) {
            FunctionProto.Builder function = FunctionProto.newBuilder()
                    .setName("F" + depth)
                    .setDomain("own")
                    .addInput("a")
                    .addOutput("b");
            for (int call = 0; depth < 14 && call < 10; call++) {
                function.addNode(OnnxDraft.of("b" + call, "F" + (depth + 1), List.of("a"), Map.of())
                        .setDomain("own"));
            }
            functions.add(function.build());
        }
        refusedWith("stand for more than", functions.toArray(FunctionProto[]::new));
        String longName = "n".repeat(100_000);
        FunctionProto.Builder many = FunctionProto.newBuilder()
                .setName("F0")
                .setDomain("own")
                .addInput("a")
                .addOutput("b");
        for (int i = 0; i < 1000; i++) {
            many.addNode(OnnxDraft.of("b" + i, "Relu", List.of("a"), Map.of()));
        }
        refusedWith("bytes; inline", longName, many.build());
    }

    private void refusedWith(String message, FunctionProto... functions) {
        refusedWith(message, "y", functions);
    }

    private void refusedWith(String message, String output, FunctionProto... functions) {
        OnnxDraft draft = new OnnxDraft(17).input("x", f(-1));
        for (FunctionProto function : functions) {
            draft.function(function);
        }
        Path file = draft.node(OnnxDraft.of(output, functions[0].getName(), List.of("x"), Map.of())
                        .setDomain("own")
                        .build())
                .output(output, f(-1))
                .write(folder.resolve("m.onnx"));
        assertThatThrownBy(() -> Onnx.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(message);
    }

    /** Names of one branch mean nothing in another. */
    @Test
    void branchesThatShareANameAreRefused() {
        OnnxDraft draft = new OnnxDraft(17).input("x", f(-1, 1)).constant("yes", truth());
        String value = "x";
        for (int i = 0; i < 2; i++) {
            NodeProto.Builder choice = OnnxDraft.of("chosen" + i, "If", List.of("yes"), Map.of());
            for (String name : List.of("then_branch", "else_branch")) {
                AttributeProto.Builder branch = OnnxDraft.branch(
                        name,
                        OnnxDraft.of(name + i, "Add", List.of(value, "c"), Map.of())
                                .build(),
                        f(-1, 1))
                        .toBuilder();
                branch.getGBuilder()
                        .addNode(
                                0,
                                OnnxDraft.of("c", "Constant", List.of(), Map.of("value_float", Attribute.of(i + 1f))));
                choice.addAttribute(branch);
            }
            draft.node(choice.build());
            value = "chosen" + i;
        }
        Path file = draft.output(value, f(-1, 1)).write(folder.resolve("m.onnx"));
        assertThatThrownBy(() -> Onnx.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("gives the name 'c' to two constants");
    }

    /** A weight that the graph turns has another form than the file of weights has, though the shape be the same. */
    @Test
    void weightsThatTheGraphTurnsAreNotTakenForTurned() {
        Path weights = folder.resolve("weights.safetensors");
        Path graph = new OnnxDraft(17)
                .input("x", f(-1, 2))
                .constant("q", new float[] {1, 2, 3, 4}, 2, 2)
                .node("turned", "Transpose", "q")
                .node("y", "MatMul", "x", "turned")
                .output("y", f(-1, 2))
                .write(folder.resolve("graph.onnx"));
        try (Scope scope = Scope.open();
                Model read = ModelFile.read(graph)) {
            assertThat(read.weights().get("q/Transpose").toFloatArray()).containsExactly(1, 3, 2, 4);
            Safetensors.write(weights, Map.of("q", Tensor.ones(DType.F32, Device.CPU, 2, 2)), Map.of());
            assertThatThrownBy(() -> ModelFile.read(graph, weights))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("1 missing [q/Transpose], 1 unknown [q]");
        }
    }

    private static TensorValue truth() {
        return new TensorValue(DType.BOOL, Shape.of(1), ByteBuffer.wrap(new byte[] {1}));
    }
}
