package dev.espalier.formats.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Weights;
import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Concat;
import dev.espalier.op.DepthToSpace;
import dev.espalier.op.Expand;
import dev.espalier.op.Interpolation;
import dev.espalier.op.Pad;
import dev.espalier.op.Resize;
import dev.espalier.op.Slice;
import dev.espalier.op.SpaceToDepth;
import dev.espalier.op.TensorType;
import dev.espalier.op.Tile;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files with operators that move elements: ONNX Runtime computes the same, and the graph comes back as it was. */
@NoLeaks
class LayoutOperatorsTest {
    @TempDir
    Path folder;

    @Test
    void movedAndResampledElements() {
        Interpolation cubic = new Interpolation("cubic", "half_pixel", "floor", -0.75f, false);
        try (Model model = ModelBuilder.of("moves", Shape.of(8, 4, 4))
                .op("slice", new Slice(Ints.of(-1), Ints.of(-100), Ints.of(1), Ints.of(-2)))
                .op("deep", new DepthToSpace(2, "CRD"))
                .op("border", new Pad(Ints.of(1, 2, 3, 0), 0, Ints.of(2, 3), "reflect"))
                .op("edge", new Pad(Ints.of(0, 0, 0, 0, 0, 0, 2, 0), 0, Ints.NONE, "edge"))
                .op("twice", new Tile(Ints.of(1, 3, 1, 1)))
                .op("blocks", new SpaceToDepth(2))
                .op("up", Resize.byScale(2, Interpolation.NEAREST))
                .op("linear", new Resize(Ints.of(2, 3), Floats.NONE, Ints.of(9, 7), Interpolation.LINEAR))
                .op("cubic", Resize.byScale(1.5f, cubic))
                .build(1)) {
            compare(model, "input", 8, 4, 4);
        }
    }

    @Test
    void anExpandToTheBatch() {
        Graph graph = Graph.builder("token")
                .input("x", TensorType.f32(-1, 3, 4))
                .parameter("token", TensorType.f32(1, 1, 4))
                .node("spread", new Expand(Ints.of(-1, 2, 4)), "token", "x")
                .node("all", new Concat(1), "spread", "x")
                .output("all")
                .build();
        try (Scope scope = Scope.open();
                Model model = new Model(
                        graph,
                        Weights.adopt(Map.of("token", Tensor.of(new float[] {1, 2, 3, 4}, 1, 1, 4))),
                        Metadata.NONE)) {
            compare(model, "x", 3, 4);
        }
    }

    private void compare(Model model, String input, long... sample) {
        Path file = folder.resolve("m.onnx");
        Rng.seed(3);
        Onnx.write(model, file);
        try (Scope scope = Scope.open();
                Model read = Onnx.read(file)) {
            assertThat(read.graph().nodes()).isEqualTo(model.graph().nodes());
            long[] shape = new long[sample.length + 1];
            shape[0] = 2;
            System.arraycopy(sample, 0, shape, 1, sample.length);
            Tensor x = Tensor.randn(Device.CPU, shape);
            float[] expected = Reference.run(file, Map.of(input, x));
            float[] got = Reference.run(model, x).toFloatArray();
            assertThat(got).hasSameSizeAs(expected);
            // Resampling: weights and coordinates in single precision, three axes pairs one after the other.
            for (int i = 0; i < got.length; i++) {
                assertThat((double) got[i]).isCloseTo(expected[i], within(1e-5));
            }
        }
    }
}
