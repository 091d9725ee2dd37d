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
