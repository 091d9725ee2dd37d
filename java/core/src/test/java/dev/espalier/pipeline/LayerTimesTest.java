package dev.espalier.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.graph.Graph;
import dev.espalier.model.Metadata;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.MatMul;
import dev.espalier.op.Relu;
import dev.espalier.op.Reshape;
import dev.espalier.op.TensorType;
import dev.espalier.op.Transpose;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Map;
import org.junit.jupiter.api.Test;

@NoLeaks
class LayerTimesTest {
    /** The batch stands second, and then heads are merged with it. */
    @Test
    void everyLayerIsTimedWhereverItHasTheBatch() {
        Graph graph = Graph.builder("g")
                .input("x", TensorType.f32(-1, 5, 8))
                .parameter("w", TensorType.f32(8, 12))
                .node("turned", new Transpose(Ints.of(1, 0, 2)), "x")
                .node("product", new MatMul(), "turned", "w")
                .node("heads", new Reshape(Ints.of(5, -1, 4), false), "product")
                .node("back", new Transpose(Ints.of(1, 0, 2)), "heads")
                .node("relu", new Relu(), "back")
                .node("samples", new Reshape(Ints.of(-1, 60), false), "relu")
                .output("samples")
                .build();
        try (Scope scope = Scope.open();
                Model model =
                        new Model(graph, Weights.copyOf(Map.of("w", Tensor.randn(Device.CPU, 8, 12))), Metadata.NONE)) {
            LayerTimes times = new LayerTimes(model, Device.CPU, 2);
            assertThat(times.millis(graph)).isPositive();
            assertThat(times.measured()).isEqualTo(graph.nodes().size());
        }
    }
}
