package dev.espalier.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.op.HardSwish;
import dev.espalier.op.Reshape;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.MaskedConv2d;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

@NoLeaks
class Image16RegionTest {
    private static final Shape IMAGE = Shape.of(3, 12, 10);

    /** Kernels of 3 and 1, strides, a sum of two branches, a Sigmoid whose value at the halo would not be zero, a pooling. */
    private static Model model() {
        return ModelBuilder.of("regions", IMAGE)
                .conv(8, 3, 1, 1)
                .relu()
                .residual(
                        branch -> branch.conv(8, 3, 1, 1)
                                .op("hardswish", new HardSwish())
                                .conv(8, 1, 1, 0),
                        shortcut -> shortcut.conv(8, 1))
                .relu()
                .conv(6, Window.square(3, 2, 1), 2, true)
                .op("sigmoid", new Sigmoid())
                .conv(7, 3, 1, 1)
                .relu()
                .maxPool(2)
                .conv(5, 3, 1, 1)
                .build(4);
    }

    private static Map<String, MaskedConv2d> allConvolutions(Model model) {
        Map<String, MaskedConv2d> all = new HashMap<>();
        Graph graph = model.graph();
        for (Node node : graph.nodes()) {
            if (node.op() instanceof Conv conv) {
                TensorType in = graph.type(node.inputs().get(0));
                Shape image = Shape.of(in.dim(1), in.dim(2), in.dim(3));
                Tensor weight = model.weights().get(node.inputs().get(1));
                MaskedConv.pack(MaskedConv.Kind.IMAGE16, conv, weight, image)
                        .batches()
                        .ifPresent(masked -> all.put(node.name(), masked));
            }
        }
        return all;
    }

    @Test
    void valuesStayBetweenConvolutionsAndTheResultIsTheSame() {
        Rng.seed(8);
        try (Model model = model();
                Scope scope = Scope.open()) {
            Graph graph = model.graph();
            Map<String, MaskedConv2d> all = allConvolutions(model);
            Image16Region region = new Image16Region(graph, all);
            List<String> kinds = graph.nodes().stream()
                    .filter(node -> region.stays(node.outputs().get(0)))
                    .map(node -> node.op().type())
                    .toList();
            // All but what the Sigmoid, the pooling and the graph's output read or are.
            assertThat(kinds)
                    .containsExactly("Conv", "Relu", "Conv", "HardSwish", "Conv", "Conv", "Add", "Relu", "Conv");
            Map<String, NodeKernel> kernels = region.kernels(model.weights()).entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey, e -> e.getValue().kernel()));
            Execution execution = Execution.of(graph, node -> kernels.getOrDefault(node.name(), node.op()::evaluate));
            for (long n : new long[] {16, 48}) {
                Tensor x = Tensor.randn(Device.CPU, n, IMAGE.dim(0), IMAGE.dim(1), IMAGE.dim(2));
                Map<String, Tensor> in = Map.of("input", x);
                Tensor expected = output(Execution.of(graph), model, in);
                Tensor actual = output(execution, model, in);
                assertThat(actual.shape()).isEqualTo(expected.shape());
                // Rounding of at most 72 terms per layer through six layers with gains near one; a wrong pixel is of
                // order one.
                double relative =
                        actual.sub(expected).norm().item() / expected.norm().item();
                assertThat(relative).isLessThanOrEqualTo(6 * 72 * Math.ulp(1f));
            }
        }
    }

    private static Tensor output(Execution execution, Model model, Map<String, Tensor> in) {
        return execution
                .run(model.weights().asMap(), in, Evaluation.INFERENCE, Execution.Observer.NONE)
                .values()
                .stream()
                .findFirst()
                .orElseThrow();
    }

    @Test
    void nothingStaysWhereImagesMayChangeTheirNumber() {
        try (Model model = ModelBuilder.of("moved", IMAGE)
                        .op("reshape", new Reshape(Ints.of(-1, 3, 12, 10), false))
                        .conv(8, 3, 1, 1)
                        .relu()
                        .conv(8, 3, 1, 1)
                        .build(4);
                Scope scope = Scope.open()) {
            Image16Region region = new Image16Region(model.graph(), allConvolutions(model));
            assertThat(region.savesConversions()).isFalse();
        }
    }

    @Test
    void withoutConvolutionsNothingStays() {
        try (Model model = model()) {
            assertThat(new Image16Region(model.graph(), Map.of()).savesConversions())
                    .isFalse();
        }
    }
}
