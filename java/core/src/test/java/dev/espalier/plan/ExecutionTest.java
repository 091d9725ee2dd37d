package dev.espalier.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.ModelBuilder;
import dev.espalier.model.Models;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.Constant;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Identity;
import dev.espalier.op.Mul;
import dev.espalier.op.Relu;
import dev.espalier.op.Reshape;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Rng;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

@NoLeaks
class ExecutionTest {
    private static final Shape IMAGE = Shape.of(3, 16, 16);

    private static Tensor logits(Model model, Tensor x, Evaluation evaluation) {
        return requireNonNull(Execution.run(model.graph(), model.weights().asMap(), Map.of("input", x), evaluation)
                .get("logits"));
    }

    @Test
    void everyArchitectureRunsOnAnyBatch() {
        for (String name : List.of("kerasCnn", "resnet20", "resnet18", "vgg16bn", "mlp")) {
            try (Model model = Models.create(name, Shape.of(3, 32, 32), 7, 0.25, 1);
                    Scope scope = Scope.open()) {
                for (int batch : new int[] {1, 3}) {
                    Tensor y = logits(model, Tensor.randn(Device.CPU, batch, 3, 32, 32), Evaluation.INFERENCE);
                    assertThat(y.shape()).as(name).isEqualTo(Shape.of(batch, 7));
                    assertThat(y.allFinite()).as(name).isTrue();
                }
            }
        }
    }

    @Test
    void gradientsReachEveryParameterButStatistics() {
        try (Model model = Models.create("resnet20", IMAGE, 4, 0.25, 2);
                Scope scope = Scope.open()) {
            Graph graph = model.graph();
            model.weights().asMap().forEach((name, t) -> t.setRequiresGrad(!graph.isStatistic(name)));
            Tensor y = logits(model, Tensor.randn(Device.CPU, 5, 3, 16, 16), Evaluation.TRAINING);
            Nn.crossEntropy(y, Tensor.of(new long[] {0, 1, 2, 3, 0}, 5), 0).backward();
            for (String name : graph.parameters().keySet()) {
                Tensor gradient = model.weights().get(name).grad();
                if (graph.isStatistic(name)) {
                    assertThat(gradient).as(name).isNull();
                } else {
                    assertThat(gradient).as(name).isNotNull();
                }
            }
        }
    }

    @Test
    void trainingMovesRunningStatisticsAndInferenceDoesNot() {
        try (Model model = ModelBuilder.of("norm", IMAGE).norm().build(3);
                Scope scope = Scope.open()) {
            Tensor x = Tensor.full(4, DType.F32, Device.CPU, 2, 3, 16, 16);
            logits(model, x, Evaluation.INFERENCE);
            assertThat(model.weights().get("norm1.mean").toFloatArray()).containsOnly(0f);
            logits(model, x, Evaluation.TRAINING);
            // Momentum 0.9 is the share of the old mean: 0.9 * 0 + 0.1 * 4. Stored as a float it is off by at most
            // 2^-25.
            for (float mean : model.weights().get("norm1.mean").toFloatArray()) {
                assertThat(mean).isCloseTo(0.4f, within(4 * 0x1p-24f));
            }
        }
    }

    @Test
    void dropoutActsInTrainingOnly() {
        try (Model model = ModelBuilder.of("drop", Shape.of(1000)).dropout(0.5).build(3);
                Scope scope = Scope.open()) {
            Rng.seed(1);
            Tensor x = Tensor.ones(DType.F32, Device.CPU, 1, 1000);
            assertThat(logits(model, x, Evaluation.INFERENCE).toFloatArray()).containsOnly(1f);
            assertThat(logits(model, x, Evaluation.TRAINING).toFloatArray()).containsOnly(0f, 2f);
        }
    }

    @Test
    void intermediatesAreReleasedAfterTheirLastUse() {
        ModelBuilder layers = ModelBuilder.of("chain", IMAGE);
        for (int i = 0; i < 20; i++) {
            layers.relu();
        }
        try (Model model = layers.build(0);
                Scope scope = Scope.open()) {
            Tensor x = Tensor.randn(Device.CPU, 1, 3, 16, 16);
            long before = Scope.liveTensors();
            List<Long> alive = new ArrayList<>();
            Execution.run(
                    model.graph(),
                    Map.of(),
                    Map.of("input", x),
                    Evaluation.INFERENCE,
                    (node, in, out) -> alive.add(Scope.liveTensors() - before));
            // One node's input and output: never more.
            assertThat(alive).hasSize(20).allMatch(n -> n <= 2);
        }
    }

    @Test
    void oneTensorUnderSeveralNamesSurvivesUntilTheLast() {
        Graph graph = Graph.builder("aliases")
                .input("x", TensorType.f32(-1, 4))
                .node("a", new Relu(), "x")
                .node("b", new Identity(), "a")
                .node("c", new Identity(), "b")
                .node("y", new Mul(), "c", "c")
                .output("y")
                .output("b")
                .output("x")
                .build();
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(new float[] {-1, 2, 3, 4}, 1, 4);
            Map<String, Tensor> out = Execution.run(graph, Map.of(), Map.of("x", x), Evaluation.INFERENCE);
            assertThat(out.keySet()).containsExactly("y", "b", "x");
            assertThat(requireNonNull(out.get("y")).toFloatArray()).containsExactly(0, 4, 9, 16);
            assertThat(requireNonNull(out.get("b")).toFloatArray()).containsExactly(0, 2, 3, 4);
            assertThat(out.get("x")).isSameAs(x);
        }
    }

    @Test
    void constantsTakePart() {
        Graph graph = Graph.builder("constant")
                .input("x", TensorType.f32(-1, 2))
                .node("k", new Constant(TensorValue.of(new float[] {2, 3}, 2)))
                .node("y", new Mul(), "x", "k")
                .output("y")
                .build();
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
            Tensor y = requireNonNull(Execution.run(graph, Map.of(), Map.of("x", x), Evaluation.INFERENCE)
                    .get("y"));
            assertThat(y.toFloatArray()).containsExactly(2, 6, 6, 12);
        }
    }

    @Test
    void observersSeeEveryNodeInOrder() {
        try (Model model = ModelBuilder.of("net", IMAGE)
                        .conv(4, 3)
                        .relu()
                        .flatten()
                        .build(0);
                Scope scope = Scope.open()) {
            Map<String, Shape> seen = new LinkedHashMap<>();
            Execution.run(
                    model.graph(),
                    model.weights().asMap(),
                    Map.of("input", Tensor.randn(Device.CPU, 2, 3, 16, 16)),
                    Evaluation.INFERENCE,
                    (node, in, out) -> seen.put(node.name(), out.get(0).shape()));
            assertThat(seen)
                    .containsExactly(
                            Map.entry("conv1", Shape.of(2, 4, 14, 14)),
                            Map.entry("relu1", Shape.of(2, 4, 14, 14)),
                            Map.entry("flatten1", Shape.of(2, 784)));
        }
    }

    @Test
    void wrongInputsAreNamed() {
        try (Model model = ModelBuilder.of("net", IMAGE).conv(4, 3).build(0);
                Scope scope = Scope.open()) {
            Tensor flat = Tensor.randn(Device.CPU, 2, 3);
            assertThatThrownBy(() -> logits(model, flat, Evaluation.INFERENCE))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("input 'input' must be F32[-1, 3, 16, 16], got F32[2, 3]");
            assertThatThrownBy(() -> Execution.run(
                            model.graph(), model.weights().asMap(), Map.of("image", flat), Evaluation.INFERENCE))
                    .isInstanceOf(EspalierException.class)
                    .hasMessageContaining("[input]")
                    .hasMessageContaining("[image]");
        }
    }

    @Test
    void failuresNameTheNode() {
        Graph graph = Graph.builder("rows")
                .input("x", TensorType.f32(-1, 6))
                .node("fold", new Reshape(Ints.of(-1, 2, 3), false), "x")
                .output("fold")
                .parameter("w", TensorType.f32(2, 3))
                .node("scaled", new Mul(), "fold", "w")
                .output("scaled")
                .build();
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.randn(Device.CPU, 2, 6);
            Tensor wrong = Tensor.randn(Device.CPU, 5);
            assertThatThrownBy(() -> Execution.run(graph, Map.of("w", wrong), Map.of("x", x), Evaluation.INFERENCE))
                    .isInstanceOf(EspalierException.class)
                    .hasMessageStartingWith("node 'scaled': mul");
            assertThatThrownBy(() -> Execution.run(graph, Map.of(), Map.of("x", x), Evaluation.INFERENCE))
                    .hasMessage("parameter 'w' was not given");
        }
    }
}
