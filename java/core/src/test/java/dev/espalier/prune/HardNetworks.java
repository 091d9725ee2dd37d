package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Add;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Concat;
import dev.espalier.op.Conv;
import dev.espalier.op.Einsum;
import dev.espalier.op.Expand;
import dev.espalier.op.Flatten;
import dev.espalier.op.GRU;
import dev.espalier.op.Gather;
import dev.espalier.op.Gemm;
import dev.espalier.op.GlobalAveragePool;
import dev.espalier.op.GlobalMaxPool;
import dev.espalier.op.GroupNormalization;
import dev.espalier.op.InstanceNormalization;
import dev.espalier.op.LSTM;
import dev.espalier.op.MatMul;
import dev.espalier.op.MaxPool;
import dev.espalier.op.Mul;
import dev.espalier.op.Op;
import dev.espalier.op.Ops;
import dev.espalier.op.PRelu;
import dev.espalier.op.ReduceMean;
import dev.espalier.op.Reduction;
import dev.espalier.op.Relu;
import dev.espalier.op.Reshape;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.Slice;
import dev.espalier.op.Softmax;
import dev.espalier.op.Split;
import dev.espalier.op.Tanh;
import dev.espalier.op.TensorType;
import dev.espalier.op.Transpose;
import dev.espalier.op.Unsqueeze;
import dev.espalier.op.Window;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** A list of small graphs of sequences, attention, recurrence and several inputs or outputs, one per way in which channels depend on each other. */
final class HardNetworks {
    static final Map<String, Supplier<Graph>> PATTERNS = new TreeMap<>(Map.ofEntries(
            Map.entry("lstm", () -> recurrent(1, false, false)),
            Map.entry("lstmStack", () -> recurrent(2, false, false)),
            Map.entry("lstmBidirectional", () -> recurrent(2, true, false)),
            Map.entry("gruStack", () -> recurrent(2, false, true)),
            Map.entry("gruBidirectional", () -> recurrent(2, true, true)),
            Map.entry("lastState", HardNetworks::lastState),
            Map.entry("embeddingsConcatenated", HardNetworks::embeddingsConcatenated),
            Map.entry("tiedEmbedding", HardNetworks::tiedEmbedding),
            Map.entry("fusedAttention", HardNetworks::fusedAttention),
            Map.entry("groupedQueryAttention", HardNetworks::groupedQueryAttention),
            Map.entry("crossAttention", HardNetworks::crossAttention),
            Map.entry("einsumAttention", HardNetworks::einsumAttention),
            Map.entry("einsumDense", HardNetworks::einsumDense),
            Map.entry("volume", HardNetworks::volume),
            Map.entry("maxout", HardNetworks::maxout),
            Map.entry("modulated", HardNetworks::modulated),
            Map.entry("channelAttention", HardNetworks::channelAttention),
            Map.entry("smallUnet", HardNetworks::smallUnet),
            Map.entry("twoInputs", HardNetworks::twoInputs),
            Map.entry("twoOutputs", HardNetworks::twoOutputs),
            Map.entry("siamese", HardNetworks::siamese),
            Map.entry("parametricRelu", HardNetworks::parametricRelu),
            Map.entry("instanceNorm", HardNetworks::instanceNorm),
            Map.entry("dilatedPyramid", HardNetworks::dilatedPyramid),
            Map.entry("highway", HardNetworks::highway),
            Map.entry("temporalGlu", HardNetworks::temporalGlu)));

    /** Graphs whose results change by nature when channels go. */
    static final Map<String, Supplier<Graph>> INEXACT = new TreeMap<>(Map.of("groupNorm", HardNetworks::groupNorm));

    private HardNetworks() {}

    private static Graph.Builder image() {
        return Graph.builder("hard").input("x", TensorType.f32(-1, 3, 6, 6)).output("y");
    }

    private static Graph.Builder rows(long positions, long width) {
        return Graph.builder("hard")
                .input("x", TensorType.f32(-1, positions, width))
                .output("y");
    }

    private static Graph.Builder conv(Graph.Builder graph, String name, String input, long out, long in, long kernel) {
        return graph.parameter(name + ".weight", TensorType.f32(out, in, kernel, kernel))
                .parameter(name + ".bias", TensorType.f32(out))
                .node(name, new Conv(Window.square(kernel, 1, kernel / 2), 1), input, name + ".weight", name + ".bias");
    }

    private static Graph.Builder dense(Graph.Builder graph, String name, String input, long out, long in) {
        return graph.parameter(name + ".weight", TensorType.f32(out, in))
                .parameter(name + ".bias", TensorType.f32(out))
                .node(name, Gemm.DENSE, input, name + ".weight", name + ".bias");
    }

    /** A matrix product over the last axis and a sum with the bias. */
    private static Graph.Builder project(Graph.Builder graph, String name, String input, long in, long out) {
        return graph.parameter(name + ".weight", TensorType.f32(in, out))
                .parameter(name + ".bias", TensorType.f32(out))
                .node(name + ".product", new MatMul(), input, name + ".weight")
                .node(name, new Add(), name + ".product", name + ".bias");
    }

    private static Graph classified(Graph.Builder graph, String value, long features) {
        return graph.parameter("fc.weight", TensorType.f32(4, features))
                .parameter("fc.bias", TensorType.f32(4))
                .node(new Node("fc", Gemm.DENSE, List.of(value, "fc.weight", "fc.bias"), List.of("y")))
                .build();
    }

    private static Graph pooled(Graph.Builder graph, String value, long channels) {
        graph.node("pool", new GlobalAveragePool(), value).node("flat", new Flatten(1), "pool");
        return classified(graph, "flat", channels);
    }

    private static Op turn(long... axes) {
        return new Transpose(Ints.of(axes));
    }

    private static Op shape(long... sizes) {
        return new Reshape(Ints.of(sizes), false);
    }

    /** Layers of recurrent units over five steps, read as a whole. */
    private static Graph recurrent(int layers, boolean bothWays, boolean gru) {
        long ways = bothWays ? 2 : 1;
        long units = 6;
        long gates = gru ? 3 : 4;
        Graph.Builder graph = rows(5, 7).node("steps", turn(1, 0, 2), "x");
        String at = "steps";
        long features = 7;
        for (int i = 0; i < layers; i++) {
            String name = "rnn" + i;
            Op op = gru ? GRU.of(units, bothWays) : LSTM.of(units, bothWays);
            graph.parameter(name + ".weight", TensorType.f32(ways, gates * units, features))
                    .parameter(name + ".recurrent", TensorType.f32(ways, gates * units, units))
                    .parameter(name + ".bias", TensorType.f32(ways, 2 * gates * units))
                    .node(new Node(
                            name,
                            op,
                            List.of(at, name + ".weight", name + ".recurrent", name + ".bias"),
                            gru ? List.of(name, name + ".h") : List.of(name, name + ".h", name + ".c")));
            graph.node(name + ".turned", turn(0, 2, 1, 3), name)
                    .node(name + ".joined", shape(5, -1, ways * units), name + ".turned");
            at = name + ".joined";
            features = ways * units;
        }
        graph.node("batch", turn(1, 0, 2), at).node("flat", new Flatten(1), "batch");
        return classified(graph, "flat", 5 * features);
    }

    /** Only the state after the last step is read. */
    private static Graph lastState() {
        Graph.Builder graph = rows(5, 7)
                .node("steps", turn(1, 0, 2), "x")
                .parameter("rnn.weight", TensorType.f32(1, 24, 7))
                .parameter("rnn.recurrent", TensorType.f32(1, 24, 6))
                .parameter("rnn.bias", TensorType.f32(1, 48))
                .node(new Node(
                        "rnn",
                        LSTM.of(6, false),
                        List.of("steps", "rnn.weight", "rnn.recurrent", "rnn.bias"),
                        List.of("rnn", "h", "c")))
                .node("both", new Concat(2), "h", "c")
                .node("row", shape(-1, 12), "both");
        return classified(graph, "row", 12);
    }

    private static Graph.Builder words(String... inputs) {
        Graph.Builder graph = Graph.builder("hard").output("y");
        for (String input : inputs) {
            graph.input(input, new TensorType(DType.I64, Shape.of(-1, 4)));
        }
        return graph;
    }

    /** Vectors of two vocabularies side by side. */
    private static Graph embeddingsConcatenated() {
        Graph.Builder graph = words("a", "b")
                .parameter("words.weight", TensorType.f32(11, 6))
                .parameter("tags.weight", TensorType.f32(5, 4))
                .node("words", Gather.embedding(), "words.weight", "a")
                .node("tags", Gather.embedding(), "tags.weight", "b")
                .node("both", new Concat(2), "words", "tags");
        project(graph, "hidden", "both", 10, 9)
                .node("relu", new Relu(), "hidden")
                .node("flat", new Flatten(1), "relu");
        return classified(graph, "flat", 36);
    }

    /** The table of vectors also scores the words. */
    private static Graph tiedEmbedding() {
        Graph.Builder graph = words("tokens")
                .parameter("table", TensorType.f32(11, 8))
                .node("vectors", Gather.embedding(), "table", "tokens");
        project(graph, "up", "vectors", 8, 12).node("tanh", new Tanh(), "up");
        project(graph, "down", "tanh", 12, 8)
                .node("sum", new Add(), "down", "vectors")
                .node("turned", turn(1, 0), "table")
                .node("scores", new MatMul(), "sum", "turned")
                .node("flat", new Flatten(1), "scores");
        return classified(graph, "flat", 44);
    }

    private static Graph mixed(Graph.Builder graph, String query, String key, String value, long heads, long size) {
        graph.node("scores", new MatMul(), query, key)
                .node("weights", new Softmax(-1), "scores")
                .node("mixed", new MatMul(), "weights", value)
                .node("back", turn(0, 2, 1, 3), "mixed")
                .node("joined", shape(0, 0, heads * size), "back");
        project(graph, "out", "joined", heads * size, 8).node("flat", new Flatten(1), "out");
        return classified(graph, "flat", 40);
    }

    /** Queries, keys and values of one projection, split along a new axis. */
    private static Graph fusedAttention() {
        Graph.Builder graph = project(rows(5, 8), "qkv", "x", 8, 3 * 4 * 6)
                .node("split", shape(0, 0, 3, 4, 6), "qkv")
                .node("first", turn(2, 0, 3, 1, 4), "split");
        for (int i = 0; i < 3; i++) {
            String name = List.of("q", "k", "v").get(i);
            graph.node(name + ".slice", Slice.of(0, i, i + 1L), "first")
                    .node(name, shape(-1, 4, 5, 6), name + ".slice");
        }
        graph.node("k.turned", turn(0, 1, 3, 2), "k");
        return mixed(graph, "q", "k.turned", "v", 4, 6);
    }

    /** Six heads of queries share two heads of keys and values. */
    private static Graph groupedQueryAttention() {
        Graph.Builder graph = project(rows(5, 8), "q", "x", 8, 24)
                .node("q.split", shape(0, 0, 6, 4), "q")
                .node("q.heads", turn(0, 2, 1, 3), "q.split");
        for (String name : List.of("k", "v")) {
            project(graph, name, "x", 8, 8)
                    .node(name + ".split", shape(0, 0, 2, 4), name)
                    .node(name + ".turned", turn(0, 2, 1, 3), name + ".split")
                    .node(name + ".slot", new Unsqueeze(Ints.of(2)), name + ".turned")
                    .node(name + ".copies", new Expand(Ints.of(1, 2, 3, 5, 4)), name + ".slot")
                    .node(name + ".heads", shape(0, 6, 5, 4), name + ".copies");
        }
        graph.node("k.back", turn(0, 1, 3, 2), "k.heads");
        return mixed(graph, "q.heads", "k.back", "v.heads", 6, 4);
    }

    /** Queries from one sequence, keys and values from another. */
    private static Graph crossAttention() {
        Graph.Builder graph = rows(5, 8).input("memory", TensorType.f32(-1, 7, 6));
        project(graph, "q", "x", 8, 24)
                .node("q.split", shape(0, 0, 4, 6), "q")
                .node("q.heads", turn(0, 2, 1, 3), "q.split");
        project(graph, "k", "memory", 6, 24)
                .node("k.split", shape(0, 0, 4, 6), "k")
                .node("k.heads", turn(0, 2, 3, 1), "k.split");
        project(graph, "v", "memory", 6, 24)
                .node("v.split", shape(0, 0, 4, 6), "v")
                .node("v.heads", turn(0, 2, 1, 3), "v.split");
        return mixed(graph, "q.heads", "k.heads", "v.heads", 4, 6);
    }

    /** Attention whose projections and products are all written as sums over letters. */
    private static Graph einsumAttention() {
        Graph.Builder graph = rows(5, 8);
        for (String name : List.of("q", "k", "v")) {
            graph.parameter(name + ".weight", TensorType.f32(8, 4, 6))
                    .node(name, new Einsum("bsc,chd->bshd"), "x", name + ".weight");
        }
        graph.node("scores", new Einsum("bqhd,bkhd->bhqk"), "q", "k")
                .node("weights", new Softmax(-1), "scores")
                .node("mixed", new Einsum("bhqk,bkhd->bqhd"), "weights", "v")
                .parameter("out.weight", TensorType.f32(4, 6, 8))
                .node("out", new Einsum("bqhd,hdc->bqc"), "mixed", "out.weight")
                .node("flat", new Flatten(1), "out");
        return classified(graph, "flat", 40);
    }

    /** Dense layers written as sums over letters, and a factor per channel. */
    private static Graph einsumDense() {
        Graph.Builder graph = rows(5, 8)
                .parameter("up.weight", TensorType.f32(8, 12))
                .parameter("gain.scale", TensorType.f32(12))
                .parameter("down.weight", TensorType.f32(9, 12))
                .node("up", new Einsum("bsi,io->bso"), "x", "up.weight")
                .node("scaled", new Einsum("bso,o->bso"), "up", "gain.scale")
                .node("relu", new Relu(), "scaled")
                .node("down", new Einsum("bsi,oi->bos"), "relu", "down.weight")
                .node("sums", new Einsum("bos->bo"), "down");
        return classified(graph, "sums", 9);
    }

    /** Convolutions and pools over three axes. */
    private static Graph volume() {
        Op conv = Ops.create("Conv", Map.of("pads", Ints.repeat(1, 6)));
        Op pool = Ops.create("MaxPool", Map.of("kernel_shape", Ints.of(2, 2, 2), "strides", Ints.of(2, 2, 2)));
        Graph.Builder graph = Graph.builder("hard")
                .input("x", TensorType.f32(-1, 2, 4, 4, 4))
                .output("y")
                .parameter("a.weight", TensorType.f32(6, 2, 3, 3, 3))
                .parameter("a.bias", TensorType.f32(6))
                .node("a", conv, "x", "a.weight", "a.bias")
                .node("relu", new Relu(), "a")
                .node("pooled", pool, "relu")
                .parameter("b.weight", TensorType.f32(5, 6, 3, 3, 3))
                .node("b", conv, "pooled", "b.weight")
                .node("flat", new Flatten(1), "b");
        return classified(graph, "flat", 40);
    }

    /** The larger of every two neighbouring channels. */
    private static Graph maxout() {
        Graph.Builder graph = conv(image(), "pieces", "x", 12, 3, 3)
                .node("pairs", shape(0, 6, 2, 6, 6), "pieces")
                .node("most", new Reduction(Reduction.Kind.MAX, Ints.of(2), false, false), "pairs");
        conv(graph, "next", "most", 5, 6, 3).node("relu", new Relu(), "next");
        return pooled(graph, "relu", 5);
    }

    /** Channels scaled and shifted by a second input (FiLM). */
    private static Graph modulated() {
        Graph.Builder graph = image().input("condition", TensorType.f32(-1, 5));
        conv(graph, "conv", "x", 8, 3, 3);
        dense(graph, "film", "condition", 16, 5)
                .node("map", shape(0, 16, 1, 1), "film")
                .node(new Node("parts", Split.evenly(1, 2), List.of("map"), List.of("gain", "shift")))
                .node("scaled", new Mul(), "conv", "gain")
                .node("shifted", new Add(), "scaled", "shift")
                .node("relu", new Relu(), "shifted");
        conv(graph, "next", "relu", 5, 8, 3);
        return pooled(graph, "next", 5);
    }

    /** Means and maxima of the channels share a small network that scales them (the channel part of CBAM). */
    private static Graph channelAttention() {
        Graph.Builder graph = conv(image(), "conv", "x", 8, 3, 3)
                .node("mean", new GlobalAveragePool(), "conv")
                .node("most", new GlobalMaxPool(), "conv")
                .parameter("down.weight", TensorType.f32(4, 8, 1, 1))
                .parameter("up.weight", TensorType.f32(8, 4, 1, 1));
        for (String side : List.of("mean", "most")) {
            graph.node(side + ".down", new Conv(Window.square(1, 1, 0), 1), side, "down.weight")
                    .node(side + ".relu", new Relu(), side + ".down")
                    .node(side + ".up", new Conv(Window.square(1, 1, 0), 1), side + ".relu", "up.weight");
        }
        graph.node("both", new Add(), "mean.up", "most.up")
                .node("gate", new Sigmoid(), "both")
                .node("scaled", new Mul(), "conv", "gate");
        conv(graph, "next", "scaled", 5, 8, 3).node("relu", new Relu(), "next");
        return pooled(graph, "relu", 5);
    }

    /** One level down and up again, the skipped map beside it. */
    private static Graph smallUnet() {
        Graph.Builder graph = conv(image(), "fine", "x", 6, 3, 3)
                .node("fineRelu", new Relu(), "fine")
                .node("half", new MaxPool(Window.square(2, 2, 0)), "fineRelu");
        conv(graph, "deep", "half", 8, 6, 3)
                .node("deepRelu", new Relu(), "deep")
                .parameter("up.weight", TensorType.f32(8, 6, 2, 2))
                .node(
                        "up",
                        Ops.create("ConvTranspose", Map.of("strides", Ints.of(2, 2), "group", Attribute.of(1))),
                        "deepRelu",
                        "up.weight")
                .node("both", new Concat(1), "fineRelu", "up");
        conv(graph, "merge", "both", 5, 12, 3).node("relu", new Relu(), "merge");
        return pooled(graph, "relu", 5);
    }

    /** A network for each of two inputs, joined at the end. */
    private static Graph twoInputs() {
        Graph.Builder graph = image().input("table", TensorType.f32(-1, 7));
        conv(graph, "conv", "x", 8, 3, 3)
                .node("pool", new GlobalAveragePool(), "conv")
                .node("flat", new Flatten(1), "pool");
        dense(graph, "hidden", "table", 6, 7)
                .node("relu", new Relu(), "hidden")
                .node("both", new Concat(1), "flat", "relu");
        dense(graph, "joint", "both", 9, 14).node("act", new Sigmoid(), "joint");
        return classified(graph, "act", 9);
    }

    /** Two heads read one trunk. */
    private static Graph twoOutputs() {
        Graph.Builder graph = image().output("second");
        conv(graph, "trunk", "x", 8, 3, 3).node("relu", new Relu(), "trunk");
        conv(graph, "left", "relu", 5, 8, 3);
        conv(graph, "right", "relu", 6, 8, 1).node("mean", new ReduceMean(Ints.of(2, 3), false, false), "right");
        dense(graph, "second", "mean", 3, 6);
        return pooled(graph, "left", 5);
    }

    /** One network sees two inputs; the products of what it makes of them are classified. */
    private static Graph siamese() {
        Graph.Builder graph = image().input("other", TensorType.f32(-1, 3, 6, 6))
                .parameter("conv.weight", TensorType.f32(8, 3, 3, 3))
                .parameter("conv.bias", TensorType.f32(8));
        for (String side : List.of("x", "other")) {
            graph.node(side + ".conv", new Conv(Window.square(3, 1, 1), 1), side, "conv.weight", "conv.bias")
                    .node(side + ".relu", new Relu(), side + ".conv");
        }
        graph.node("product", new Mul(), "x.relu", "other.relu");
        return pooled(graph, "product", 8);
    }

    /** A slope per channel. */
    private static Graph parametricRelu() {
        Graph.Builder graph = conv(image(), "conv", "x", 8, 3, 3)
                .parameter("slope", TensorType.f32(8, 1, 1))
                .node("prelu", new PRelu(), "conv", "slope");
        conv(graph, "next", "prelu", 5, 8, 3);
        return pooled(graph, "next", 5);
    }

    private static Graph instanceNorm() {
        Graph.Builder graph = conv(image(), "conv", "x", 8, 3, 3)
                .parameter("norm.scale", TensorType.f32(8))
                .parameter("norm.bias", TensorType.f32(8))
                .node("norm", new InstanceNormalization(1e-5f), "conv", "norm.scale", "norm.bias")
                .node("relu", new Relu(), "norm");
        conv(graph, "next", "relu", 5, 8, 3).node("end", new Relu(), "next");
        return pooled(graph, "end", 5);
    }

    private static Graph groupNorm() {
        Graph.Builder graph = conv(image(), "conv", "x", 12, 3, 3)
                .parameter("norm.scale", TensorType.f32(12))
                .parameter("norm.bias", TensorType.f32(12))
                .node("norm", new GroupNormalization(3, 1e-5f), "conv", "norm.scale", "norm.bias")
                .node("relu", new Relu(), "norm");
        conv(graph, "next", "relu", 5, 12, 3).node("end", new Relu(), "next");
        return pooled(graph, "end", 5);
    }

    /** Convolutions of several dilations and a pooled map, stretched and concatenated (ASPP). */
    private static Graph dilatedPyramid() {
        Graph.Builder graph = conv(image(), "stem", "x", 6, 3, 3).node("relu", new Relu(), "stem");
        conv(graph, "near", "relu", 4, 6, 1)
                .parameter("far.weight", TensorType.f32(5, 6, 3, 3))
                .node(
                        "far",
                        Ops.create("Conv", Map.of("dilations", Ints.of(2, 2), "pads", Ints.repeat(2, 4))),
                        "relu",
                        "far.weight")
                .node("mean", new GlobalAveragePool(), "relu");
        conv(graph, "all", "mean", 3, 6, 1)
                .node("wide", new Expand(Ints.of(1, 3, 6, 6)), "all")
                .node("both", new Concat(1), "near", "far", "wide");
        conv(graph, "merge", "both", 5, 12, 1).node("end", new Relu(), "merge");
        return pooled(graph, "end", 5);
    }

    /** A gate chooses between a layer and its input. */
    private static Graph highway() {
        Graph.Builder graph =
                Graph.builder("hard").input("x", TensorType.f32(-1, 7)).output("y");
        dense(graph, "stem", "x", 8, 7);
        dense(graph, "layer", "stem", 8, 8).node("relu", new Relu(), "layer");
        dense(graph, "choice", "stem", 8, 8)
                .node("gate", new Sigmoid(), "choice")
                .node("rest", Ops.create("Sub", Map.of()), "relu", "stem")
                .node("part", new Mul(), "gate", "rest")
                .node("sum", new Add(), "part", "stem");
        return classified(graph, "sum", 8);
    }

    /** Gated convolutions over time beside their input. */
    private static Graph temporalGlu() {
        Op conv = Ops.create("Conv", Map.of("pads", Ints.of(2, 0)));
        Graph.Builder graph = Graph.builder("hard")
                .input("x", TensorType.f32(-1, 3, 10))
                .output("y")
                .parameter("stem.weight", TensorType.f32(6, 3, 3))
                .node("stem", conv, "x", "stem.weight")
                .parameter("wide.weight", TensorType.f32(12, 6, 3))
                .parameter("wide.bias", TensorType.f32(12))
                .node("wide", conv, "stem", "wide.weight", "wide.bias")
                .node(new Node("parts", Split.evenly(1, 2), List.of("wide"), List.of("value", "gate")))
                .node("open", new Sigmoid(), "gate")
                .node("gated", new Mul(), "value", "open")
                .node("sum", new Add(), "gated", "stem")
                .node("flat", new Flatten(1), "sum");
        return classified(graph, "flat", 60);
    }
}
