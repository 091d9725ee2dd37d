package dev.espalier.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.op.Add;
import dev.espalier.op.BatchNormalization;
import dev.espalier.op.Conv;
import dev.espalier.op.Gemm;
import dev.espalier.op.Identity;
import dev.espalier.op.LSTM;
import dev.espalier.op.MatMul;
import dev.espalier.op.Mul;
import dev.espalier.op.Relu;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.ShapeException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphTest {
    private static TensorType f(long... dims) {
        return TensorType.f32(dims);
    }

    private static Graph.Builder small() {
        return Graph.builder("small")
                .input("x", f(-1, 3, 8, 8))
                .parameter("w", f(4, 3, 3, 3))
                .parameter("b", f(4))
                .node("conv", new Conv(Window.square(3, 1, 1), 1), "x", "w", "b")
                .node("relu", new Relu(), "conv")
                .output("relu");
    }

    private static Graph.Builder norm() {
        return Graph.builder("norm")
                .input("x", f(-1, 4))
                .parameter("scale", f(4))
                .parameter("shift", f(4))
                .parameter("mean", f(4))
                .parameter("variance", f(4))
                .node("norm", new BatchNormalization(1e-5f, 0.9f), "x", "scale", "shift", "mean", "variance")
                .output("norm");
    }

    @Test
    void knowsTypesProducersAndConsumers() {
        Graph graph = small().build();
        assertThat(graph.type("conv")).isEqualTo(f(-1, 4, 8, 8));
        assertThat(graph.producer("conv").map(Node::name)).contains("conv");
        assertThat(graph.producer("x")).isEmpty();
        assertThat(graph.producer("w")).isEmpty();
        assertThat(graph.consumers("conv")).extracting(Node::name).containsExactly("relu");
        assertThat(graph.consumers("relu")).isEmpty();
        assertThat(graph.inputTypes(graph.node("conv"))).containsExactly(f(-1, 3, 8, 8), f(4, 3, 3, 3), f(4));
        assertThatThrownBy(() -> graph.type("y")).hasMessage("graph 'small' has no value 'y'");
    }

    @Test
    void aValueUsedTwiceByOneNodeHasOneConsumer() {
        Graph graph = Graph.builder("square")
                .input("x", f(-1, 2))
                .node("y", new Mul(), "x", "x")
                .output("y")
                .build();
        assertThat(graph.consumers("x")).hasSize(1);
    }

    @Test
    void countsParametersAndMacs() {
        Graph graph = small().build();
        assertThat(graph.parameterCount()).isEqualTo(4 * 27 + 4);
        assertThat(graph.macs()).isEqualTo(4 * 64 * 27);
        assertThat(graph.parameterCount(graph.node("conv"))).isEqualTo(4 * 27 + 4);
        assertThat(graph.parameterCount(graph.node("relu"))).isZero();
        assertThat(graph.costs().keySet()).extracting(Node::name).containsExactly("conv", "relu");
    }

    @Test
    void runningStatisticsAndWholeNumbersDoNotCount() {
        Graph graph = norm().build();
        assertThat(graph.isStatistic("mean")).isTrue();
        assertThat(graph.isStatistic("scale")).isFalse();
        assertThat(graph.parameterCount()).isEqualTo(8);
        Graph whole = Graph.builder("whole")
                .input("x", new TensorType(DType.I64, Shape.of(-1)))
                .parameter("k", new TensorType(DType.I64, Shape.of(1)))
                .node("y", new Add(), "x", "k")
                .output("y")
                .build();
        assertThat(whole.parameterCount()).isZero();
    }

    @Test
    void macsArePerSampleWhateverTheBatch() {
        Graph.Builder fixed = Graph.builder("fixed")
                .input("x", f(16, 3, 8, 8))
                .parameter("w", f(4, 3, 3, 3))
                .node("conv", new Conv(Window.square(3, 1, 1), 1), "x", "w")
                .output("conv");
        assertThat(fixed.build().macs()).isEqualTo(4 * 64 * 27);
    }

    /** Recurrent layers have time before the batch. */
    @Test
    void stepsOfTimeAreNoSamples() {
        Graph.Builder fixed = Graph.builder("fixed")
                .input("x", f(16, 2, 32))
                .parameter("w", f(1, 256, 32))
                .parameter("r", f(1, 256, 64))
                .node(new Node("lstm", LSTM.of(64, false), List.of("x", "w", "r"), List.of("y", "h", "c")))
                .output("y");
        assertThat(fixed.build().macs()).isEqualTo(16 * 256 * (32 + 64));
    }

    @Test
    void productsOfActivationsAreNoMacs() {
        Graph.Builder attention = Graph.builder("attention")
                .input("q", f(-1, 4, 8))
                .input("k", f(-1, 8, 4))
                .parameter("w", f(4, 5))
                .node("scores", new MatMul(), "q", "k")
                .node("again", new Identity(), "w")
                .node("projected", new MatMul(), "scores", "again")
                .output("projected");
        // Only the product with what comes from a parameter: [4, 4] x [4, 5].
        assertThat(attention.build().macs()).isEqualTo(4 * 4 * 5);
    }

    @Test
    void changedCopiesInferAnew() {
        Graph graph = small().build();
        Graph narrower = graph.withParameters(Map.of("w", f(2, 3, 3, 3), "b", f(2)));
        assertThat(narrower.type("relu")).isEqualTo(f(-1, 2, 8, 8));
        assertThat(graph.type("relu")).isEqualTo(f(-1, 4, 8, 8));
        assertThat(graph.toBuilder().build().nodes()).isEqualTo(graph.nodes());
        assertThat(graph.withName("other").name()).isEqualTo("other");
    }

    @Test
    void brokenStructureIsRefusedByName() {
        refused(small().node("relu", new Relu(), "conv"), "two nodes are named 'relu'");
        refused(
                small().node(new Node("again", new Relu(), List.of("x"), List.of("conv"))),
                "value 'conv' is defined twice");
        refused(small().node("late", new Relu(), "ghost"), "node 'late' uses value 'ghost', which nothing produces");
        refused(small().output("ghost"), "output 'ghost' is computed by no node");
        refused(small().parameter("idle", f(3)), "parameter 'idle' is used by no node");
        refused(
                Graph.builder("order")
                        .input("x", f(-1, 2))
                        .node("b", new Relu(), "a")
                        .node("a", new Relu(), "x")
                        .output("b"),
                "node 'b' uses value 'a', which node 'a' produces only afterwards; order the nodes");
        refused(Graph.builder("none").input("x", f(-1)), "a graph must have an output");
        refused(
                Graph.builder("open").input("x", f(3, -1)).output("x"),
                "input 'x' may leave only dimension 0 open, got F32[3, -1]");
        assertThatThrownBy(() -> small().input("x", f(1)))
                .hasMessageContaining("input 'x' must have a name of its own");
    }

    private static void refused(Graph.Builder builder, String message) {
        assertThatThrownBy(builder::build).isInstanceOf(GraphException.class).hasMessage(message);
    }

    @Test
    void wrongShapesNameTheNode() {
        Graph.Builder builder = Graph.builder("dense")
                .input("x", f(-1, 3))
                .parameter("w", f(2, 4))
                .node("fc", Gemm.DENSE, "x", "w")
                .output("fc");
        assertThatThrownBy(builder::build)
                .isInstanceOf(ShapeException.class)
                .hasMessageStartingWith("node 'fc': Gemm: inner sizes differ");
    }

    @Test
    void optionalOutputsAreRefused() {
        Graph.Builder builder = Graph.builder("two")
                .input("x", f(-1, 3))
                .node(new Node("relu", new Relu(), List.of("x"), List.of("y", "mask")))
                .output("y");
        assertThatThrownBy(builder::build).hasMessageContaining("Relu gives 1 output(s), the node names [y, mask]");
    }

    @Test
    void leftOutInputsAreNotValues() {
        Graph graph = Graph.builder("optional")
                .input("x", f(-1, 3, 8, 8))
                .parameter("w", f(4, 3, 1, 1))
                .node("conv", new Conv(Window.square(1, 1, 0), 1), "x", "w", "")
                .output("conv")
                .build();
        assertThat(graph.type("conv")).isEqualTo(f(-1, 4, 8, 8));
        assertThat(graph.values()).containsExactlyInAnyOrder("x", "w", "conv");
    }
}
