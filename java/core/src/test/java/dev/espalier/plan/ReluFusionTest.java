package dev.espalier.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Models;
import dev.espalier.model.Weights;
import dev.espalier.op.Add;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.AutoPad;
import dev.espalier.op.Conv;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Op;
import dev.espalier.op.Relu;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

@NoLeaks
class ReluFusionTest {
    private static final Shape IMAGE = Shape.of(3, 12, 10);
    private static final Conv CONV = new Conv(Window.square(3, 1, 1), 1);

    private static ReluFusion.Fused fuse(Graph graph) {
        return ReluFusion.fuse(graph, node -> Optional.empty());
    }

    private static List<String> types(Graph graph) {
        return graph.nodes().stream().map(node -> node.op().type()).toList();
    }

    /** x [n, 4, 6, 6] and w [4, 4, 3, 3]; conv = Conv(x, w). */
    private static Graph.Builder convolution(DType type, Op op, long channels) {
        return Graph.builder("g")
                .input("x", new TensorType(type, Shape.of(-1, 4, 6, 6)))
                .parameter("w", new TensorType(type, Shape.of(4, channels, 3, 3)))
                .node("conv", op, "x", "w");
    }

    private static List<String> fused(Graph.Builder builder) {
        return types(fuse(builder.build()).graph());
    }

    @Test
    void aReluAndAnAdditionBeforeItGoIntoTheConvolution() {
        assertThat(fused(convolution(DType.F32, CONV, 4)
                        .node("y", new Relu(), "conv")
                        .output("y")))
                .containsExactly("Conv+Relu");
        for (List<String> sum : List.of(List.of("conv", "x"), List.of("x", "conv"))) {
            Graph graph = convolution(DType.F16, CONV, 4)
                    .node("sum", new Add(), sum.get(0), sum.get(1))
                    .node("y", new Relu(), "sum")
                    .output("y")
                    .build();
            ReluFusion.Fused fused = fuse(graph);
            assertThat(fused.notes()).isEqualTo(Map.of("conv", "Add and Relu fused in"));
            Node only = fused.graph().node("conv");
            assertThat(only.inputs()).containsExactly("x", "w", "", "x");
            assertThat(fused.graph().nodes()).containsExactly(only);
            assertThat(fused.graph().macs()).isEqualTo(graph.macs());
        }
    }

    @Test
    void ofTwoConvolutionsOneTakesTheOtherAsResidual() {
        Graph graph = convolution(DType.F32, CONV, 4)
                .node("other", CONV, "x", "w")
                .node("sum", new Add(), "conv", "other")
                .node("y", new Relu(), "sum")
                .output("y")
                .build();
        Graph fused = fuse(graph).graph();
        assertThat(types(fused)).containsExactly("Conv", "Conv+Relu");
        assertThat(fused.node("conv").inputs()).containsExactly("x", "w", "", "other");
    }

    @Test
    void whatOthersSeeOrCudnnDoesNotTakeStays() {
        assertThat(fused(convolution(DType.F32, CONV, 4)
                        .node("y", new Relu(), "conv")
                        .output("y")
                        .output("conv")))
                .as("the sum is an output")
                .contains("Relu");
        assertThat(fused(convolution(DType.F32, CONV, 4)
                        .node("y", new Relu(), "conv")
                        .node("z", new Add(), "y", "conv")
                        .output("z")))
                .as("the sum has another reader")
                .contains("Relu");
        assertThat(fused(convolution(DType.F32, new Conv(Window.square(3, 1, 1), 2), 2)
                        .node("y", new Relu(), "conv")
                        .output("y")))
                .as("groups")
                .contains("Relu");
        assertThat(fused(convolution(DType.F64, CONV, 4)
                        .node("y", new Relu(), "conv")
                        .output("y")))
                .as("F64")
                .contains("Relu");
        assertThat(fused(convolution(DType.F32, CONV, 4)
                        .node("sum", new Add(), "conv", "conv")
                        .node("y", new Relu(), "sum")
                        .output("y")))
                .as("the residual is the sum itself")
                .containsExactly("Conv", "Add", "Relu");
        assertThat(fused(convolution(DType.F32, CONV, 4)
                        .parameter("one", TensorType.f32(1, 4, 1, 1))
                        .node("sum", new Add(), "conv", "one")
                        .node("y", new Relu(), "sum")
                        .output("y")))
                .as("the residual is broadcast")
                .containsExactly("Conv", "Add", "Relu");
        assertThat(fused(Graph.builder("line")
                        .input("x", TensorType.f32(-1, 4, 6))
                        .parameter("w", TensorType.f32(4, 4, 3))
                        .node(
                                "conv",
                                new Conv(
                                        new Window(Ints.NONE, Ints.NONE, Ints.NONE, Ints.NONE, AutoPad.NOTSET, false),
                                        1),
                                "x",
                                "w")
                        .node("y", new Relu(), "conv")
                        .output("y")))
                .as("one axis")
                .contains("Relu");
    }

    @Test
    void aRefusalLeavesTheGraphAndIsTold() {
        Graph graph = convolution(DType.F32, CONV, 4)
                .node("y", new Relu(), "conv")
                .output("y")
                .build();
        ReluFusion.Fused fused = ReluFusion.fuse(graph, node -> Optional.of("no engine"));
        assertThat(fused.graph().nodes()).isEqualTo(graph.nodes());
        assertThat(fused.notes()).isEqualTo(Map.of("conv", "Relu not fused in: no engine"));
    }

    /** On the CPU a merged node does the same steps. */
    @Test
    void theFusedGraphComputesTheSame() {
        Rng.seed(2);
        try (Model resnet = Models.create("resnet20", IMAGE, 4, 0.25, 1);
                Model uneven = ModelBuilder.of("uneven", IMAGE)
                        .conv(8, Window.square(4, 2, 1), 1, true)
                        .relu()
                        .conv(5, 1)
                        .relu()
                        .build(3);
                Scope scope = Scope.open()) {
            for (Model model : List.of(resnet, uneven)) {
                BatchNormFolding.Folded folded = BatchNormFolding.fold(model.graph(), model.weights());
                try (Weights weights = Weights.copyOf(folded.weights())) {
                    FirstRun first = new FirstRun(folded.graph(), weights, Device.CPU, 2);
                    Graph fused = ReluFusion.fuse(folded.graph(), first).graph();
                    assertThat(types(fused)).contains("Conv+Relu").doesNotContain("Relu", "Add");
                    Tensor x = Tensor.randn(Device.CPU, 3, 3, 12, 10);
                    assertThat(logits(fused, weights, x)).containsExactly(logits(folded.graph(), weights, x));
                }
            }
        }
    }

    private static float[] logits(Graph graph, Weights weights, Tensor x) {
        Map<String, Tensor> outputs = Execution.run(graph, weights.asMap(), Map.of("input", x), Evaluation.INFERENCE);
        return requireNonNull(outputs.get("logits")).toFloatArray();
    }

    @Test
    void aFirstRunTellsWhatIsRefused() {
        Graph graph = convolution(DType.F32, CONV, 4)
                .node("y", new Relu(), "conv")
                .output("y")
                .build();
        try (Scope scope = Scope.open();
                Weights weights = Weights.copyOf(Map.of("w", Tensor.zeros(DType.F32, Device.CPU, 4, 5, 3, 3)))) {
            FirstRun first = new FirstRun(graph, weights, Device.CPU, 1);
            assertThat(ReluFusion.fuse(graph, first).notes().get("conv"))
                    .startsWith("Relu not fused in: conv2dRelu: ")
                    .contains("[4, 5, 3, 3]");
        }
    }

    @Test
    void nothingIsFusedOnTheCpu() {
        try (Model model = ModelBuilder.of("plain", IMAGE).conv(4, 3).relu().build(3);
                Session session = Session.of(model, Device.CPU)) {
            assertThat(types(session.graph())).containsExactly("Conv", "Relu");
        }
    }
}
