package dev.espalier.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.espalier.formats.keras.KerasTest;
import dev.espalier.formats.safetensors.Safetensors;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.plan.Session;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.ScriptModule;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NoLeaks
class ModelFileTest {
    @TempDir
    Path folder;

    @Test
    void weightsOfAnotherFileTakeTheirPlacesByName() {
        Path graph = folder.resolve("graph.onnx");
        Path weights = folder.resolve("weights.safetensors");
        try (Scope scope = Scope.open();
                Model one = Models.mlp(Shape.of(3), 2, List.of(4), 1);
                Model two = Models.mlp(Shape.of(3), 2, List.of(4), 2)) {
            ModelFile.write(one, graph);
            ModelFile.write(two, weights);
            try (Model both = ModelFile.read(graph, weights)) {
                assertSame(two, both);
            }
            try (Model both = ModelFile.withWeights(one, weights)) {
                assertSame(two, both);
            }
        }
    }

    @Test
    void anOnnxFileMayLeaveItsWeightsOut() throws IOException {
        Path graph = folder.resolve("graph.onnx");
        Path weights = folder.resolve("weights.safetensors");
        try (Scope scope = Scope.open();
                Model model = Models.mlp(Shape.of(3), 2, List.of(4), 1)) {
            ModelFile.write(model, graph);
            ModelFile.write(model, weights);
            Files.write(graph, withoutWeights(Files.readAllBytes(graph)));
            try (Model read = ModelFile.read(graph, weights)) {
                assertSame(model, read);
            }
        }
    }

    /** The file with its initialisers declared as inputs. */
    private static byte[] withoutWeights(byte[] file) throws IOException {
        ModelProto model = ModelProto.parseFrom(file);
        GraphProto.Builder graph = model.getGraph().toBuilder().clearInitializer();
        for (TensorProto tensor : model.getGraph().getInitializerList()) {
            TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
            tensor.getDimsList().forEach(dim -> shape.addDimBuilder().setDimValue(dim));
            TypeProto.Tensor type = TypeProto.Tensor.newBuilder()
                    .setElemType(tensor.getDataType())
                    .setShape(shape)
                    .build();
            graph.addInput(ValueInfoProto.newBuilder()
                    .setName(tensor.getName())
                    .setType(TypeProto.newBuilder().setTensorType(type)));
        }
        return model.toBuilder().setGraph(graph).build().toByteArray();
    }

    private static void assertSame(Model expected, Model got) {
        expected.weights()
                .asMap()
                .forEach((name, tensor) ->
                        assertThat(got.weights().get(name).toBytes()).as(name).isEqualTo(tensor.toBytes()));
    }

    @Test
    void otherNamesAreRefused() {
        Path graph = folder.resolve("graph.onnx");
        Path weights = folder.resolve("weights.safetensors");
        try (Scope scope = Scope.open();
                Model model = Models.mlp(Shape.of(3), 2, List.of(4), 1)) {
            ModelFile.write(model, graph);
            Safetensors.write(weights, Map.of("other.weight", Tensor.ones(DType.F32, Device.CPU, 2)), Map.of());
            assertThatThrownBy(() -> ModelFile.read(graph, weights))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("its names are not those of the graph")
                    .hasMessageContaining("1 unknown [other.weight]");
        }
    }

    @Test
    void kerasBecomesTorchScript() {
        Path script = folder.resolve("cnn.pt");
        try (Scope scope = Scope.open();
                Model model = ModelFile.read(Golden.file(KerasTest.class, "cnn.keras"));
                Session session = Session.of(model, Device.CPU)) {
            ModelFile.write(model, script);
            Tensor x = Tensor.randn(Device.CPU, 2, 3, 11, 12);
            assertThat(ScriptModule.run(script, x)
                            .sub(session.run(x))
                            .abs()
                            .max()
                            .item())
                    .isLessThan(1e-5);
        }
    }

    @Test
    void filesWithoutAGraphSayWhatToDo() {
        assertThatThrownBy(() -> ModelFile.read(folder.resolve("weights.pt")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("give the graph as the model");
    }
}
