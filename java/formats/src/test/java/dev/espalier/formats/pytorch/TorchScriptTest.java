package dev.espalier.formats.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.Golden;
import dev.espalier.formats.exporters.ExportedModelsTest;
import dev.espalier.formats.npy.Npy;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Models;
import dev.espalier.model.Weights;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Concat;
import dev.espalier.op.Expand;
import dev.espalier.op.Op;
import dev.espalier.op.Ops;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.ScriptModule;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that libtorch loads compute what the session computes. */
@NoLeaks
class TorchScriptTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "script_cnn_13",
                "script_residual_16",
                "script_mobile_14",
                "script_shuffle_18",
                "script_upsampler_15",
                "script_encoder_17",
                "script_attention_18",
                "script_multihead_18",
                "script_textcnn_17",
                "script_video_18",
                "dynamo_cnn_20_batch",
                "dynamo_attention_20_batch",
                "dynamo_encoder_20_batch",
                "dynamo_encoder_18",
                "keras_cnn"
            })
    void computesWhatTheSessionComputes(String name) {
        try (Scope scope = Scope.open();
                Model model = Onnx.read(Golden.file(ExportedModelsTest.class, name + ".onnx"))) {
            same(model, Npy.read(Golden.file(ExportedModelsTest.class, name + ".x.npy")));
        }
    }

    @Test
    void namesThatPythonForbidsAreReplaced() {
        try (Scope scope = Scope.open();
                Model model = Models.mlp(Shape.of(3), 2, List.of(4), 1)) {
            same(model, Tensor.randn(Device.CPU, 5, 3));
        }
    }

    /** As a Vision Transformer repeats its class token for every sample. */
    @Test
    void aWeightIsRepeatedForEverySample() {
        Graph graph = Graph.builder("g")
                .input("x", TensorType.f32(-1, 2, 3))
                .parameter("token", TensorType.f32(1, 1, 3))
                .node("tokens", new Expand(Ints.of(-1, 1, 3)), "token", "x")
                .node("y", new Concat(1), "tokens", "x")
                .output("y")
                .build();
        try (Scope scope = Scope.open();
                Model model = new Model(
                        graph, Weights.copyOf(Map.of("token", Tensor.randn(Device.CPU, 1, 1, 3))), Metadata.NONE)) {
            same(model, Tensor.randn(Device.CPU, 4, 2, 3));
        }
    }

    @Test
    void imagesGrowByTheFactorThatIsStated() {
        for (Map<String, Attribute> settings : List.of(
                resize("linear", "half_pixel", "round_prefer_floor", 1.5),
                resize("linear", "half_pixel", "round_prefer_floor", 2),
                resize("nearest", "half_pixel", "round_prefer_floor", 3),
                resize("nearest", "asymmetric", "floor", 2),
                resize("nearest", "tf_half_pixel_for_nn", "floor", 2))) {
            try (Scope scope = Scope.open();
                    Model model = resizing(settings)) {
                same(model, Tensor.randn(Device.CPU, 2, 1, 5, 5));
            }
        }
        for (Map<String, Attribute> settings : List.of(
                resize("nearest", "half_pixel", "floor", 2),
                resize("nearest", "asymmetric", "ceil", 2),
                resize("nearest", "asymmetric", "floor", 2.1))) {
            try (Model model = resizing(settings)) {
                assertThatThrownBy(() -> TorchScript.write(model, folder.resolve("m.pt")))
                        .isInstanceOf(FormatException.class)
                        .hasMessageContaining("operator 'Resize'");
            }
        }
    }

    private static Map<String, Attribute> resize(String mode, String where, String rounding, double factor) {
        return Map.of(
                "mode",
                Attribute.of(mode),
                "coordinate_transformation_mode",
                Attribute.of(where),
                "nearest_mode",
                Attribute.of(rounding),
                "scales",
                Attribute.Floats.of(1, 1, factor, factor));
    }

    private static Model resizing(Map<String, Attribute> settings) {
        Graph graph = Graph.builder("g")
                .input("x", TensorType.f32(-1, 1, 5, 5))
                .node("y", Ops.create("Resize", settings), "x")
                .output("y")
                .build();
        return new Model(graph, Weights.copyOf(Map.of()), Metadata.NONE);
    }

    @Test
    void operatorsWithoutAFormAreRefusedByName() {
        Graph graph = Graph.builder("g")
                .input("x", TensorType.f32(-1, 2, 4, 4))
                .parameter("w", TensorType.f32(2, 2, 2, 2))
                .node("up", autoPadded(), "x", "w")
                .output("up")
                .build();
        try (Scope scope = Scope.open();
                Model model = new Model(
                        graph, Weights.copyOf(Map.of("w", Tensor.randn(Device.CPU, 2, 2, 2, 2))), Metadata.NONE)) {
            Path file = folder.resolve("m.pt");
            assertThatThrownBy(() -> TorchScript.write(model, file))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("node 'up': operator 'ConvTranspose'");
            assertThat(Files.exists(file)).isFalse();
        }
    }

    private static Op autoPadded() {
        return Ops.create("ConvTranspose", Map.of("auto_pad", Attribute.of("SAME_UPPER"), "strides", Ints.of(2, 2)));
    }

    private void same(Model model, Tensor x) {
        Path file = folder.resolve("model.pt");
        TorchScript.write(model, file);
        try (Session session = Session.of(model, Device.CPU)) {
            Tensor expected = session.run(x);
            Tensor got = ScriptModule.run(file, x);
            assertThat(got.shape()).isEqualTo(expected.shape());
            // The same operators of libtorch; a session may fold normalisations into convolutions, which rounds once
            // more.
            assertThat(got.sub(expected).abs().max().item())
                    .isLessThan(1e-5 * Math.max(1, expected.abs().max().item()));
        }
    }
}
