package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Add;
import dev.espalier.op.ArgExtreme;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.BatchNormalization;
import dev.espalier.op.Cast;
import dev.espalier.op.CumSum;
import dev.espalier.op.Einsum;
import dev.espalier.op.Flatten;
import dev.espalier.op.GatherND;
import dev.espalier.op.Gemm;
import dev.espalier.op.LpNormalization;
import dev.espalier.op.MatMul;
import dev.espalier.op.Op;
import dev.espalier.op.Ops;
import dev.espalier.op.Reshape;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.Softmax;
import dev.espalier.op.TensorType;
import dev.espalier.op.TopK;
import dev.espalier.op.Transpose;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Small graphs of sequences, one per channel rule that the other graphs do not reach. */
final class RuleNetworks {
    static final Map<String, Supplier<Graph>> PATTERNS = new TreeMap<>(Map.ofEntries(
            Map.entry("mergedHeads", () -> mergedHeads(4, 6)),
            Map.entry("squareHeads", () -> mergedHeads(4, 4)),
            Map.entry("headsAsImages", RuleNetworks::headsAsImages),
            Map.entry("runningSums", RuleNetworks::runningSums),
            Map.entry("shiftedSums", RuleNetworks::shiftedSums),
            Map.entry("normed", RuleNetworks::normed),
            Map.entry("bestPositions", RuleNetworks::bestPositions),
            Map.entry("addressedRows", RuleNetworks::addressedRows),
            Map.entry("ellipsis", RuleNetworks::ellipsis),
            Map.entry("normalisedPositions", RuleNetworks::normalisedPositions)));

    private RuleNetworks() {}

    private static Graph.Builder rows() {
        return Graph.builder("rule").input("x", TensorType.f32(-1, 5, 8)).output("y");
    }

    private static Op turn(long... axes) {
        return new Transpose(Ints.of(axes));
    }

    private static Op shape(long... sizes) {
        return new Reshape(Ints.of(sizes), false);
    }

    /** A matrix product over the last axis and a sum with the bias. */
    private static Graph.Builder project(Graph.Builder graph, String name, String input, long in, long out) {
        return graph.parameter(name + ".weight", TensorType.f32(in, out))
                .parameter(name + ".bias", TensorType.f32(out))
                .node(name + ".product", new MatMul(), input, name + ".weight")
                .node(name, new Add(), name + ".product", name + ".bias");
    }

    private static Graph classified(Graph.Builder graph, String value, long features) {
        return graph.node("flat", new Flatten(1), value)
                .parameter("fc.weight", TensorType.f32(4, features))
                .parameter("fc.bias", TensorType.f32(4))
                .node(new Node("fc", Gemm.DENSE, List.of("flat", "fc.weight", "fc.bias"), List.of("y")))
                .build();
    }

    /**
     * Attention as PyTorch's MultiheadAttention is exported: positions first, heads merged with the batch for the products, positions
     * merged with the batch for the last projection.
     */
    private static Graph mergedHeads(long heads, long size) {
        Graph.Builder graph = rows().node("positions", turn(1, 0, 2), "x");
        for (String name : List.of("q", "k", "v")) {
            project(graph, name, "positions", 8, heads * size)
                    .node(name + ".merged", shape(5, -1, size), name)
                    .node(name + ".turned", turn(1, 0, 2), name + ".merged");
        }
        graph.node("k.heads", shape(-1, heads, 5, size), "k.turned")
                .node("k.again", shape(-1, 5, size), "k.heads")
                .node("k.back", turn(0, 2, 1), "k.again")
                .node("scores", new MatMul(), "q.turned", "k.back")
                .node("weights", new Softmax(-1), "scores")
                .node("mixed", new MatMul(), "weights", "v.turned")
                .node("heads", shape(-1, heads, 5, size), "mixed")
                .node("first", turn(2, 0, 1, 3), "heads")
                .node("joined", shape(-1, heads * size), "first")
                .parameter("out.weight", TensorType.f32(8, heads * size))
                .node("out", Gemm.DENSE, "joined", "out.weight")
                .node("rows", shape(5, -1, 8), "out")
                .node("samples", turn(1, 0, 2), "rows");
        return classified(graph, "samples", 40);
    }

    /** A convolution over positions takes each head of each sample as a signal of its own. */
    private static Graph headsAsImages() {
        Graph.Builder graph = project(rows(), "heads", "x", 8, 24)
                .node("turned", turn(0, 2, 1), "heads")
                .node("signals", shape(-1, 6, 5), "turned")
                .parameter("conv.weight", TensorType.f32(7, 6, 3))
                .parameter("conv.bias", TensorType.f32(7))
                .node("conv", Ops.create("Conv", Map.of("pads", Ints.of(1, 1))), "signals", "conv.weight", "conv.bias")
                .node("samples", shape(-1, 28, 5), "conv");
        return classified(graph, "samples", 140);
    }

    /** A normalisation of positions shifts what is left of removed channels, so their sum must keep them. */
    private static Graph normalisedPositions() {
        Graph.Builder graph = project(rows(), "up", "x", 8, 6);
        for (String statistic : List.of("scale", "bias", "mean", "variance")) {
            graph.parameter("norm." + statistic, TensorType.f32(5));
        }
        graph.node(
                        "norm",
                        new BatchNormalization(1e-5f, 0.9f),
                        "up",
                        "norm.scale",
                        "norm.bias",
                        "norm.mean",
                        "norm.variance")
                .node("sums", Ops.create("ReduceSum", Map.of("axes", Ints.of(2))), "norm")
                .node("joined", new Add(), "x", "sums");
        project(graph, "out", "joined", 8, 7);
        return classified(graph, "out", 35);
    }

    /** Sums along channels that vanish, and along positions. */
    private static Graph runningSums() {
        Graph.Builder graph = rows().parameter("up.weight", TensorType.f32(8, 6))
                .node("up", new MatMul(), "x", "up.weight")
                .node("over", new CumSum(2, false, true), "up")
                .node("steps", new CumSum(1, true, false), "over");
        project(graph, "down", "steps", 6, 7);
        return classified(graph, "down", 35);
    }

    /** Sums along channels that a sigmoid keeps from vanishing, which must stay. */
    private static Graph shiftedSums() {
        Graph.Builder graph = project(rows(), "up", "x", 8, 6)
                .node("open", new Sigmoid(), "up")
                .node("over", new CumSum(-1, false, false), "open");
        project(graph, "down", "over", 6, 7);
        return classified(graph, "down", 35);
    }

    /** Two norms: of channels, and of positions. */
    private static Graph normed() {
        Graph.Builder graph = project(rows(), "up", "x", 8, 6).node("unit", new LpNormalization(-1, 2), "up");
        project(graph, "down", "unit", 6, 7).node("even", new LpNormalization(1, 1), "down");
        return classified(graph, "even", 35);
    }

    /** The two greatest positions of every channel, and where they are. */
    private static Graph bestPositions() {
        Graph.Builder graph = project(rows(), "up", "x", 8, 6)
                .node(new Node("best", new TopK(Ints.of(2), 1, true), List.of("up"), List.of("best", "places")))
                .node("numbers", new Cast(DType.F32), "places")
                .node("last", new ArgExtreme(false, 1, true, false), "up")
                .node("number", new Cast(DType.F32), "last")
                .node("sum", new Add(), "best", "numbers")
                .node("all", new Add(), "sum", "number");
        project(graph, "down", "all", 6, 7);
        return classified(graph, "down", 14);
    }

    /** Three positions of each sample, named by numbers. */
    private static Graph addressedRows() {
        Graph.Builder graph = rows().input("numbers", new TensorType(DType.I64, Shape.of(-1, 3, 1)));
        project(graph, "up", "x", 8, 6).node("rows", new GatherND(1), "up", "numbers");
        project(graph, "down", "rows", 6, 7);
        return classified(graph, "down", 21);
    }

    /** Attention by heads whose products name their last two axes only. */
    private static Graph ellipsis() {
        Graph.Builder graph = rows();
        for (String name : List.of("q", "k", "v")) {
            project(graph, name, "x", 8, 24)
                    .node(name + ".split", shape(0, 5, 4, 6), name)
                    .node(name + ".heads", turn(0, 2, 1, 3), name + ".split");
        }
        graph.node("scores", new Einsum("...qd,...kd->...qk"), "q.heads", "k.heads")
                .node("weights", new Softmax(-1), "scores")
                .node("mixed", new Einsum("...qk,...kd->...qd"), "weights", "v.heads")
                .parameter("out.weight", TensorType.f32(4, 6, 7))
                .node("out", new Einsum("bhqd,hdc->bqc"), "mixed", "out.weight");
        return classified(graph, "out", 35);
    }
}
