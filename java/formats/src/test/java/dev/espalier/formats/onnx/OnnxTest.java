package dev.espalier.formats.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.formats.Golden;
import dev.espalier.formats.RandomTensors;
import dev.espalier.formats.npy.Npy;
import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Models;
import dev.espalier.model.Preprocessing;
import dev.espalier.model.Provenance;
import dev.espalier.model.Weights;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Clip;
import dev.espalier.op.Elu;
import dev.espalier.op.Gelu;
import dev.espalier.op.HardSwish;
import dev.espalier.op.LeakyRelu;
import dev.espalier.op.LogSoftmax;
import dev.espalier.op.Pad;
import dev.espalier.op.ReduceMean;
import dev.espalier.op.Reshape;
import dev.espalier.op.Softmax;
import dev.espalier.op.Squeeze;
import dev.espalier.op.TensorType;
import dev.espalier.op.Transpose;
import dev.espalier.op.Unsqueeze;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
public class OnnxTest {
    private static final Shape IMAGE = Shape.of(3, 32, 32);

    private static final Set<String> WIDE = Set.of(
            "vgg11bn",
            "vgg16bn",
            "vgg19bn",
            "resnet18",
            "resnet34",
            "resnet50",
            "wrn28x10",
            "densenet121",
            "convnextTiny",
            "unet");

    @TempDir
    Path folder;

    static Stream<String> architectures() {
        return Models.names().stream();
    }

    private static Model small(String name) {
        return Models.create(name, Models.exampleSample(name), 7, WIDE.contains(name) ? 0.125 : 0.5, 3);
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void aModelComesBackAsItWas(String name) {
        Path file = folder.resolve("m.onnx");
        try (Model model = small(name)) {
            Onnx.write(model, file);
            try (Model read = Onnx.read(file)) {
                assertSame(read.graph(), model.graph());
                assertThat(List.copyOf(read.weights().names()))
                        .isEqualTo(List.copyOf(model.weights().names()));
                for (String weight : model.weights().names()) {
                    assertThat(read.weights().get(weight).toBytes())
                            .as(weight)
                            .isEqualTo(model.weights().get(weight).toBytes());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void onnxRuntimeComputesTheSame(String name) {
        Path file = folder.resolve("m.onnx");
        Rng.seed(5);
        try (Model model = small(name);
                Scope scope = Scope.open()) {
            Onnx.write(model, file);
            Map<String, Tensor> inputs = Reference.inputs(model.graph(), 3);
            assertClose(
                    Reference.run(file, inputs), Reference.run(model, inputs).toFloatArray(), model.graph());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"script.onnx", "dynamo.onnx", "external.onnx"})
    void readsPyTorchsExports(String name) {
        try (Scope scope = Scope.open();
                Model model = Onnx.read(golden(name))) {
            assertOutputs(model);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"script.onnx", "dynamo.onnx"})
    void pyTorchsModelsSurviveBeingWritten(String name) {
        Path file = folder.resolve("again.onnx");
        try (Scope scope = Scope.open();
                Model model = Onnx.read(golden(name))) {
            Onnx.write(model, file);
            try (Model again = Onnx.read(file)) {
                assertSame(again.graph(), model.graph());
                assertOutputs(again);
            }
            Tensor image = Npy.read(golden("image.npy"));
            float[] expected = Npy.read(golden("logits.npy")).toFloatArray();
            assertClose(Reference.run(file, Map.of("image", image)), expected, model.graph());
        }
    }

    @Test
    void countsPyTorchsParametersAsItDoes() {
        // 8*3*9+8 + 8*8*9 + 8+8 + 8*8*9+8 + 128*5+5; the folded export has a bias instead of normalisation.
        try (Model script = Onnx.read(golden("script.onnx"));
                Model folded = Onnx.read(golden("dynamo.onnx"))) {
            assertThat(script.graph().parameterCount()).isEqualTo(2045);
            assertThat(folded.graph().parameterCount()).isEqualTo(2037);
            assertThat(script.graph().macs()).isEqualTo(8 * 27 * 64 + 2 * 8 * 72 * 64 + 128 * 5);
            assertThat(folded.graph().macs()).isEqualTo(script.graph().macs());
        }
    }

    @Test
    void metadataComesBack() {
        Path file = folder.resolve("m.onnx");
        Metadata metadata = new Metadata(
                List.of("cat", "dög"),
                new Preprocessing(IMAGE, List.of(0.49139968f, 0.1f, 0f), List.of(1f, 0.25f, 1e-3f), "NCHW"),
                Provenance.UNKNOWN.with("data", "sha256:ab").with("history", "train\nprune"),
                Map.of("author", "someone"));
        try (Model model = Models.mlp(Shape.of(4), 2, List.of(3), 1)) {
            Onnx.write(model.withMetadata(metadata), file);
        }
        try (Model read = Onnx.read(file)) {
            assertThat(read.metadata()).isEqualTo(metadata);
        }
    }

    @Test
    void sparsityCountsExactZerosOfWeights() {
        try (Scope scope = Scope.open();
                Model model = Models.mlp(Shape.of(4), 2, List.of(6), 1)) {
            String first = model.graph().nodes().stream()
                    .filter(node -> node.op().type().equals("Gemm"))
                    .findFirst()
                    .orElseThrow()
                    .inputs()
                    .get(1);
            model.weights()
                    .get(first)
                    .narrow(0, 0, model.weights().get(first).size(0) / 2)
                    .zeroInPlace();
            Sparsity sparsity = Sparsity.of(model);
            assertThat(sparsity.parameters()).containsEntry(first, 0.5);
            assertThat(sparsity.overall()).isEqualTo(12.0 / 36.0);
        }
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void graphsSurviveTheCheckpointsForm(String name) {
        OnnxGraphs codec = new OnnxGraphs();
        Graph graph = Models.layers(name, Models.exampleSample(name), 7, 0.5).graph();
        assertSame(codec.decode(codec.encode(graph)), graph);
    }

    @ParameterizedTest
    @EnumSource(names = {"F64", "F16", "BF16", "I64", "I32", "U8", "BOOL"})
    void weightsOfEveryTypeAreKept(DType dtype) {
        Path file = folder.resolve("m.onnx");
        Graph graph = Graph.builder("tiny")
                .parameter("w", new TensorType(dtype, Shape.of(2, 3)))
                .node("y", new Reshape(Ints.of(3, 2), false), "w")
                .output("y")
                .build();
        try (Scope scope = Scope.open();
                Model model = new Model(
                        graph,
                        Weights.adopt(Map.of("w", RandomTensors.bits(new Random(4), dtype, 2, 3))),
                        Metadata.NONE)) {
            Onnx.write(model, file);
            try (Model read = Onnx.read(file)) {
                assertSame(read.graph(), graph);
                assertThat(read.weights().get("w").toBytes())
                        .isEqualTo(model.weights().get("w").toBytes());
            }
        }
    }

    /** Operators whose settings ONNX wants as inputs, or that need a newer operator set. */
    @Test
    void onnxRuntimeAgreesOnSettingsThatAreInputs() {
        Path file = folder.resolve("ops.onnx");
        Rng.seed(6);
        try (Model model = ModelBuilder.of("ops", Shape.of(4, 6, 6))
                        .op("clip", new Clip(-1, 1.5f))
                        .op("low", new Clip(-0.5f, Float.POSITIVE_INFINITY))
                        .op("pad", new Pad(Ints.of(0, 0, 1, 0, 0, 0, 2, 1), 0.25f, Ints.NONE))
                        .op("padAxes", new Pad(Ints.of(1, 0, 0, 2), -1, Ints.of(2, -1)))
                        .op("transposed", new Transpose(Ints.of(0, 2, 3, 1)))
                        .op("softmax", new Softmax(2))
                        .op("mean", new ReduceMean(Ints.of(-2), true, false))
                        .op("squeezed", new Squeeze(Ints.of(2)))
                        .op("unsqueezed", new Unsqueeze(Ints.of(1)))
                        .op("gelu", new Gelu(true))
                        .op("exact", new Gelu(false))
                        .op("hard", new HardSwish())
                        .op("leaky", new LeakyRelu(0.1f))
                        .op("elu", new Elu(0.7f))
                        .op("flat", new Reshape(Ints.of(0, -1), false))
                        .dropout(0.3)
                        .dense(3)
                        .op("log", new LogSoftmax(-1))
                        .build(1);
                Scope scope = Scope.open()) {
            Onnx.write(model, file);
            Tensor x = Tensor.randn(Device.CPU, 2, 4, 6, 6).mul(3);
            assertClose(
                    Reference.run(file, Map.of("input", x)),
                    Reference.run(model, x).toFloatArray(),
                    model.graph());
            try (Model read = Onnx.read(file)) {
                assertSame(read.graph(), model.graph());
            }
        }
    }

    private static void assertClose(float[] got, float[] expected, Graph graph) {
        assertThat(got).hasSameSizeAs(expected);
        double tolerance = Reference.tolerance(graph, expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) got[i]).isCloseTo(expected[i], within(tolerance));
        }
    }

    private static void assertOutputs(Model model) {
        Tensor image = Npy.read(golden("image.npy"));
        float[] expected = Npy.read(golden("logits.npy")).toFloatArray();
        assertClose(Reference.run(model, image).toFloatArray(), expected, model.graph());
    }

    private static void assertSame(Graph got, Graph expected) {
        assertThat(got.name()).isEqualTo(expected.name());
        assertThat(got.nodes()).isEqualTo(expected.nodes());
        assertThat(got.inputs()).isEqualTo(expected.inputs());
        assertThat(got.outputs()).isEqualTo(expected.outputs());
        assertThat(List.copyOf(got.parameters().entrySet()))
                .isEqualTo(List.copyOf(expected.parameters().entrySet()));
    }

    private static Path golden(String name) {
        return Golden.file(OnnxTest.class, name);
    }
}
