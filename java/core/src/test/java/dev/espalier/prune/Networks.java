package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.model.Branch;
import dev.espalier.model.Fusion;
import dev.espalier.model.ModelBuilder;
import dev.espalier.op.Add;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Clip;
import dev.espalier.op.Concat;
import dev.espalier.op.Conv;
import dev.espalier.op.DepthToSpace;
import dev.espalier.op.Expand;
import dev.espalier.op.Flatten;
import dev.espalier.op.Gemm;
import dev.espalier.op.GlobalAveragePool;
import dev.espalier.op.HardSwish;
import dev.espalier.op.Interpolation;
import dev.espalier.op.LayerNormalization;
import dev.espalier.op.MatMul;
import dev.espalier.op.Mul;
import dev.espalier.op.Op;
import dev.espalier.op.Ops;
import dev.espalier.op.Pad;
import dev.espalier.op.ReduceMean;
import dev.espalier.op.Relu;
import dev.espalier.op.Reshape;
import dev.espalier.op.Resize;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.Slice;
import dev.espalier.op.Softmax;
import dev.espalier.op.SpaceToDepth;
import dev.espalier.op.Split;
import dev.espalier.op.Sub;
import dev.espalier.op.TensorType;
import dev.espalier.op.Tile;
import dev.espalier.op.Transpose;
import dev.espalier.op.Unsqueeze;
import dev.espalier.op.Window;
import dev.espalier.runtime.Shape;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** A list of small graphs, one per way in which channels depend on each other. */
final class Networks {
    static final Map<String, Supplier<Graph>> PATTERNS = new TreeMap<>(Map.ofEntries(
            Map.entry("chain", Networks::chain),
            Map.entry("residual", Networks::residual),
            Map.entry("flatten", Networks::flatten),
            Map.entry("flattenChannelsLast", Networks::flattenChannelsLast),
            Map.entry("concat", Networks::concat),
            Map.entry("concatThenAdd", Networks::concatThenAdd),
            Map.entry("depthwise", () -> depthwise(1)),
            Map.entry("depthwiseMultiplier", () -> depthwise(2)),
            Map.entry("grouped", Networks::grouped),
            Map.entry("shuffle", Networks::shuffle),
            Map.entry("paddedShortcut", Networks::paddedShortcut),
            Map.entry("squeezeExcite", Networks::squeezeExcite),
            Map.entry("transposed", () -> transposed(1, 6)),
            Map.entry("transposedGrouped", () -> transposed(2, 8)),
            Map.entry("transposedDepthwise", () -> transposed(6, 12)),
            Map.entry("sequence", Networks::sequence),
            Map.entry("sharedWeight", Networks::sharedWeight),
            Map.entry("matmul", Networks::matmul),
            Map.entry("plainGemm", Networks::plainGemm),
            Map.entry("denseBlock", Networks::denseBlock),
            Map.entry("invertedResidual", Networks::invertedResidual),
            Map.entry("unevenSplit", Networks::unevenSplit),
            Map.entry("splitBottleneck", Networks::splitBottleneck),
            Map.entry("gatedLinearUnit", Networks::gatedLinearUnit),
            Map.entry("channelSlice", Networks::channelSlice),
            Map.entry("stridedSlices", Networks::stridedSlices),
            Map.entry("croppedChannels", Networks::croppedChannels),
            Map.entry("pixelShuffle", () -> pixelShuffle("CRD")),
            Map.entry("depthToSpace", () -> pixelShuffle("DCR")),
            Map.entry("spaceToDepth", Networks::spaceToDepth),
            Map.entry("tiled", Networks::tiled),
            Map.entry("interleaved", Networks::interleaved),
            Map.entry("upsampled", Networks::upsampled),
            Map.entry("attention", Networks::attention),
            Map.entry("outerProduct", Networks::outerProduct),
            Map.entry("fused", () -> fused(Fusion.CONCAT)),
            Map.entry("fusedGated", () -> fused(Fusion.GATED)),
            Map.entry("tokenMixer", Networks::tokenMixer)));

    /** Graphs whose results change by nature when channels go. */
    static final Map<String, Supplier<Graph>> INEXACT = new TreeMap<>(Map.of(
            "layerNorm", Networks::layerNorm,
            "layerNormOfParts", Networks::layerNormOfParts,
            "channelMean", Networks::channelMean));

    private Networks() {}

    static Graph chain() {
        return builder(6)
                .conv(8, 3, 1, 1)
                .op("gate", new Sigmoid())
                .conv(6, 3, 2, 1)
                .relu()
                .globalAveragePool()
                .dense(4)
                .graph();
    }

    /** A branch for each modality, with inputs that say what is present. */
    static Graph fused(Fusion fusion) {
        List<Branch> branches = List.of(
                new Branch.Image("image", Shape.of(1, 8, 8), 1),
                new Branch.Sound("audio", Shape.of(6, 16)),
                new Branch.Text("text", 5, 20),
                new Branch.Numbers("table", 3),
                new Branch.Category("pen", 4));
        return fusion.layers(branches, 3, 0.1).graph();
    }

    static Graph residual() {
        return builder(6)
                .convNorm(8, 3, 1, 1)
                .relu()
                .residual(b -> b.convNorm(10, 3, 1, 1).relu().convNorm(8, 3, 1, 1), s -> {})
                .relu()
                .residual(b -> b.convNorm(6, 3, 2, 1).relu().convNorm(12, 3, 1, 1), s -> s.convNorm(12, 1, 2, 0))
                .relu()
                .globalAveragePool()
                .dense(4)
                .graph();
    }

    static Graph flatten() {
        return builder(6)
                .conv(5, 3)
                .relu()
                .maxPool(2)
                .flatten()
                .dense(7)
                .relu()
                .dense(4)
                .graph();
    }

    static Graph concat() {
        return builder(6)
                .concat(List.of(b -> b.conv(5, 1), b -> b.conv(7, 3, 1, 1).relu(), b -> b.conv(4, 3, 1, 1)))
                .conv(8, 3)
                .relu()
                .flatten()
                .dense(4)
                .graph();
    }

    static Graph depthwise(int multiplier) {
        return builder(6)
                .conv(6, 1)
                .relu()
                .conv(6 * multiplier, Window.square(3, 1, 1), 6, true)
                .norm()
                .relu()
                .conv(8, 1)
                .globalAveragePool()
                .dense(4)
                .graph();
    }

    static Graph grouped() {
        return builder(6)
                .conv(8, 1)
                .relu()
                .conv(12, Window.square(3, 1, 1), 2, true)
                .norm()
                .relu()
                .conv(6, 1)
                .globalAveragePool()
                .dense(4)
                .graph();
    }

    private static ModelBuilder builder(int side) {
        return ModelBuilder.of("pattern", Shape.of(3, side, side));
    }

    private static Graph.Builder graph() {
        return Graph.builder("pattern").input("x", TensorType.f32(-1, 3, 6, 6)).output("y");
    }

    private static Graph.Builder conv(Graph.Builder graph, String name, String input, long out, long in, long kernel) {
        return graph.parameter(name + ".weight", TensorType.f32(out, in, kernel, kernel))
                .parameter(name + ".bias", TensorType.f32(out))
                .node(name, new Conv(Window.square(kernel, 1, kernel / 2), 1), input, name + ".weight", name + ".bias");
    }

    private static Graph.Builder dense(Graph.Builder graph, String input, long out, long in) {
        return graph.parameter("fc.weight", TensorType.f32(out, in))
                .parameter("fc.bias", TensorType.f32(out))
                .node(new Node("fc", Gemm.DENSE, List.of(input, "fc.weight", "fc.bias"), List.of("y")));
    }

    /** [n, c, h, w] to [n, h, w, c], then flattened: the columns of one channel are not neighbours. */
    static Graph flattenChannelsLast() {
        Graph.Builder graph = conv(graph(), "conv", "x", 5, 3, 3)
                .node("nhwc", new Transpose(Ints.of(0, 2, 3, 1)), "conv")
                .node("flat", new Flatten(1), "nhwc");
        return dense(graph, "flat", 4, 180).build();
    }

    /** A sum ties the channels of two concatenated branches to those of a third. */
    static Graph concatThenAdd() {
        Graph.Builder graph = conv(conv(conv(graph(), "a", "x", 5, 3, 1), "b", "x", 3, 3, 3), "c", "x", 8, 3, 3)
                .node("both", new Concat(1), "a", "b")
                .node("sum", new Add(), "both", "c")
                .node("relu", new Relu(), "sum")
                .node("flat", new Flatten(1), "relu");
        return dense(graph, "flat", 4, 288).build();
    }

    /** The channel shuffle of two groups: [n, 8, h, w] to [n, 2, 4, h, w], transposed, and back. */
    static Graph shuffle() {
        Graph.Builder graph = conv(graph(), "conv", "x", 8, 3, 3)
                .node("split", new Reshape(Ints.of(0, 2, 4, 6, 6), false), "conv")
                .node("swap", new Transpose(Ints.of(0, 2, 1, 3, 4)), "split")
                .node("join", new Reshape(Ints.of(0, 8, 6, 6), false), "swap");
        conv(graph, "next", "join", 5, 8, 3).node("flat", new Flatten(1), "next");
        return dense(graph, "flat", 4, 180).build();
    }

    /** A shortcut widened by zero channels, as in the first CIFAR ResNets. */
    static Graph paddedShortcut() {
        Graph.Builder graph = conv(graph(), "stem", "x", 4, 3, 3)
                .node("wide", new Pad(Ints.of(0, 2, 0, 0, 0, 2, 0, 0), 0, Ints.NONE), "stem");
        conv(graph, "branch", "stem", 8, 4, 3)
                .node("sum", new Add(), "wide", "branch")
                .node("relu", new Relu(), "sum");
        conv(graph, "head", "relu", 6, 8, 1)
                .node("pool", new GlobalAveragePool(), "head")
                .node("flat", new Flatten(1), "pool");
        return dense(graph, "flat", 4, 6).build();
    }

    /** Channels scaled by a gate computed from their own means. */
    static Graph squeezeExcite() {
        Graph.Builder graph = conv(graph(), "conv", "x", 8, 3, 3).node("pool", new GlobalAveragePool(), "conv");
        conv(graph, "down", "pool", 4, 8, 1).node("relu", new Relu(), "down");
        conv(graph, "up", "relu", 8, 4, 1)
                .node("gate", new Sigmoid(), "up")
                .node("scaled", new Mul(), "conv", "gate")
                .node("flat", new Flatten(1), "scaled");
        return dense(graph, "flat", 4, 288).build();
    }

    /** An up-sampling convolution, whose weight has the input channels first. */
    static Graph transposed(long groups, long channels) {
        Op up = Ops.create("ConvTranspose", Map.of("strides", Ints.of(2, 2), "group", Attribute.of(groups)));
        Graph.Builder graph = conv(graph(), "conv", "x", 6, 3, 3)
                .parameter("up.weight", TensorType.f32(6, channels / groups, 2, 2))
                .parameter("up.bias", TensorType.f32(channels))
                .node("up", up, "conv", "up.weight", "up.bias")
                .node("relu", new Relu(), "up")
                .node("pool", new GlobalAveragePool(), "relu")
                .node("flat", new Reshape(Ints.of(-1, channels), false), "pool");
        return dense(graph, "flat", 4, channels).build();
    }

    /** Convolutions over one axis, channels padded by an axis counted from the end, and a mean that drops the axis. */
    static Graph sequence() {
        Op conv = Ops.create("Conv", Map.of("pads", Ints.of(1, 1)));
        Graph.Builder graph = Graph.builder("pattern")
                .input("x", TensorType.f32(-1, 3, 10))
                .output("y")
                .parameter("conv.weight", TensorType.f32(6, 3, 3))
                .node("conv", conv, "x", "conv.weight")
                .node("wide", new Pad(Ints.of(0, 2), 0, Ints.of(-2)), "conv")
                .parameter("branch.weight", TensorType.f32(8, 3, 3))
                .node("branch", conv, "x", "branch.weight")
                .node("sum", new Add(), "wide", "branch")
                .node("relu", new Relu(), "sum")
                .node("mean", new ReduceMean(Ints.of(2), false, false), "relu");
        return dense(graph, "mean", 4, 8).build();
    }

    /** One weight convolves two values. */
    static Graph sharedWeight() {
        Graph.Builder graph = conv(conv(graph(), "a", "x", 6, 3, 3), "b", "x", 6, 3, 1)
                .parameter("shared.weight", TensorType.f32(8, 6, 3, 3))
                .node("left", new Conv(Window.square(3, 1, 1), 1), "a", "shared.weight")
                .node("right", new Conv(Window.square(3, 1, 1), 1), "b", "shared.weight")
                .node("both", new Concat(1), "left", "right")
                .node("flat", new Flatten(1), "both");
        return dense(graph, "flat", 4, 576).build();
    }

    /** A layer as exporters write it for stacked rows: a matrix product with a transposed weight, and a sum with the bias. */
    static Graph matmul() {
        Graph.Builder graph = Graph.builder("pattern")
                .input("x", TensorType.f32(-1, 5, 6))
                .output("y")
                .parameter("up.weight", TensorType.f32(9, 6))
                .parameter("up.bias", TensorType.f32(9))
                .node("turned", new Transpose(Ints.of(1, 0)), "up.weight")
                .node("up", new MatMul(), "x", "turned")
                .node("shifted", new Add(), "up", "up.bias")
                .node("relu", new Relu(), "shifted")
                .node("flat", new Flatten(1), "relu");
        return dense(graph, "flat", 4, 45).build();
    }

    /** Weights with the inputs first and a bias of rank two. */
    static Graph plainGemm() {
        Graph.Builder graph = conv(graph(), "conv", "x", 5, 3, 3)
                .parameter("hidden.weight", TensorType.f32(180, 7))
                .parameter("hidden.bias", TensorType.f32(1, 7))
                .node("flat", new Flatten(1), "conv")
                .node("hidden", new Gemm(0.5f, 2, false, false), "flat", "hidden.weight", "hidden.bias")
                .node("relu", new Relu(), "hidden");
        return dense(graph, "relu", 4, 7).build();
    }

    /** Each layer reads all earlier ones, concatenated and normalised together. */
    static Graph denseBlock() {
        return builder(6)
                .conv(6, 3, 1, 1)
                .concat(List.of(b -> {}, b -> b.norm().relu().conv(4, 3, 1, 1)))
                .concat(List.of(b -> {}, b -> b.norm().relu().conv(5, 3, 1, 1)))
                .norm()
                .relu()
                .globalAveragePool()
                .dense(4)
                .graph();
    }

    private static Graph.Builder rows(Graph.Builder graph, String name, String input, long in, long out) {
        return graph.parameter(name + ".weight", TensorType.f32(in, out))
                .parameter(name + ".bias", TensorType.f32(out))
                .node(name + ".product", new MatMul(), input, name + ".weight")
                .node(name, new Add(), name + ".product", name + ".bias");
    }

    /** Scaled dot-product attention with four heads of six numbers, whose projections are split by reshaping. */
    static Graph attention() {
        Graph.Builder graph =
                Graph.builder("pattern").input("x", TensorType.f32(-1, 5, 8)).output("y");
        for (String name : List.of("query", "key", "value")) {
            rows(graph, name, "x", 8, 24)
                    .node(name + ".heads", new Reshape(Ints.of(0, 0, 4, 6), false), name)
                    .node(
                            name + ".turned",
                            new Transpose(name.equals("key") ? Ints.of(0, 2, 3, 1) : Ints.of(0, 2, 1, 3)),
                            name + ".heads");
        }
        graph.node("scores", new MatMul(), "query.turned", "key.turned")
                .node("weights", new Softmax(-1), "scores")
                .node("mixed", new MatMul(), "weights", "value.turned")
                .node("back", new Transpose(Ints.of(0, 2, 1, 3)), "mixed")
                .node("joined", new Reshape(Ints.of(0, 0, 24), false), "back");
        rows(graph, "out", "joined", 24, 8).node("flat", new Flatten(1), "out");
        return dense(graph, "flat", 4, 40).build();
    }

    /** Every pair of two vectors' elements multiplied, then flattened. */
    static Graph outerProduct() {
        Graph.Builder graph =
                Graph.builder("pattern").input("x", TensorType.f32(-1, 7)).output("y");
        for (String name : List.of("a", "b")) {
            long units = name.equals("a") ? 5 : 6;
            graph.parameter(name + ".weight", TensorType.f32(units, 7))
                    .parameter(name + ".bias", TensorType.f32(units))
                    .node(name, Gemm.DENSE, "x", name + ".weight", name + ".bias");
        }
        graph.node("column", new Reshape(Ints.of(0, 5, 1), false), "a")
                .node("row", new Reshape(Ints.of(0, 1, 6), false), "b")
                .node("outer", new Mul(), "column", "row")
                .node("flat", new Flatten(1), "outer");
        return dense(graph, "flat", 4, 30).build();
    }

    /** Dense layers over patches and over channels in turn, as in MLP-Mixer. */
    static Graph tokenMixer() {
        Graph.Builder graph =
                Graph.builder("pattern").input("x", TensorType.f32(-1, 9, 5)).output("y");
        rows(graph, "embed", "x", 5, 8).node("turned", new Transpose(Ints.of(0, 2, 1)), "embed");
        rows(graph, "tokensUp", "turned", 9, 12).node("tokensRelu", new Relu(), "tokensUp");
        rows(graph, "tokensDown", "tokensRelu", 12, 9).node("back", new Transpose(Ints.of(0, 2, 1)), "tokensDown");
        graph.node("sum", new Add(), "back", "embed");
        rows(graph, "up", "sum", 8, 10).node("relu", new Relu(), "up");
        rows(graph, "down", "relu", 10, 8).node("out", new Add(), "down", "sum").node("flat", new Flatten(1), "out");
        return dense(graph, "flat", 4, 72).build();
    }

    static Graph layerNorm() {
        Graph.Builder graph =
                Graph.builder("pattern").input("x", TensorType.f32(-1, 5, 6)).output("y");
        rows(graph, "up", "x", 6, 12)
                .parameter("layernorm.scale", TensorType.f32(12))
                .parameter("layernorm.bias", TensorType.f32(12))
                .node("normed", new LayerNormalization(-1, 1e-5f), "up", "layernorm.scale", "layernorm.bias")
                .node("gate", new Sigmoid(), "normed");
        rows(graph, "down", "gate", 12, 6).node("flat", new Flatten(1), "down");
        return dense(graph, "flat", 4, 30).build();
    }

    /** The layer normalisation that older exporters write operator by operator. */
    static Graph layerNormOfParts() {
        Graph.Builder graph =
                Graph.builder("pattern").input("x", TensorType.f32(-1, 5, 6)).output("y");
        rows(graph, "up", "x", 6, 12)
                .parameter("layernorm.scale", TensorType.f32(12))
                .parameter("layernorm.bias", TensorType.f32(12))
                .node("mean", new ReduceMean(Ints.of(-1), true, false), "up")
                .node("centred", new Sub(), "up", "mean")
                .node("square", new Mul(), "centred", "centred")
                .node("variance", new ReduceMean(Ints.of(-1), true, false), "square")
                .node("smooth", new HardSwish(), "variance")
                .node("quotient", new Mul(), "centred", "smooth")
                .node("scaled", new Mul(), "quotient", "layernorm.scale")
                .node("shifted", new Add(), "scaled", "layernorm.bias");
        rows(graph, "down", "shifted", 12, 6).node("flat", new Flatten(1), "down");
        return dense(graph, "flat", 4, 30).build();
    }

    /** A map of the means over all channels scales the channels. */
    static Graph channelMean() {
        Graph.Builder graph = conv(graph(), "conv", "x", 8, 3, 3)
                .node("mean", new ReduceMean(Ints.of(1), true, false), "conv")
                .node("gate", new Sigmoid(), "mean")
                .node("scaled", new Mul(), "conv", "gate")
                .node("flat", new Flatten(1), "scaled");
        return dense(graph, "flat", 4, 288).build();
    }

    /** Widened, filtered channel by channel, narrowed, added to the input of the block. */
    static Graph invertedResidual() {
        return builder(6)
                .convNorm(6, 3, 1, 1)
                .residual(
                        b -> b.convNorm(12, 1, 1, 0)
                                .op("clip", new Clip(0, 6))
                                .conv(12, Window.square(3, 1, 1), 12, false)
                                .norm()
                                .op("clip", new Clip(0, 6))
                                .convNorm(6, 1, 1, 0),
                        s -> {})
                .conv(5, 1)
                .flatten()
                .dense(4)
                .graph();
    }

    private static Graph headed(Graph.Builder graph, String value, long channels) {
        graph.node("pool", new GlobalAveragePool(), value).node("flat", new Flatten(1), "pool");
        return dense(graph, "flat", 4, channels).build();
    }

    private static Graph.Builder split(Graph.Builder graph, String input, Split op, String... outputs) {
        return graph.node(new Node("split", op, List.of(input), List.of(outputs)));
    }

    /** Pieces of 3 and 5 channels, each with a reader of its own, joined again. */
    static Graph unevenSplit() {
        Graph.Builder graph = split(conv(graph(), "stem", "x", 8, 3, 3), "stem", Split.of(1, 3, 5), "a", "b");
        conv(conv(graph, "left", "a", 4, 3, 3), "right", "b", 6, 5, 1)
                .node("both", new Concat(1), "left", "right")
                .node("relu", new Relu(), "both");
        return headed(graph, "relu", 10);
    }

    /** One half passes by, the other goes through a residual bottleneck, and all stages are concatenated (C2f, CSP). */
    static Graph splitBottleneck() {
        Graph.Builder graph = conv(graph(), "stem", "x", 12, 3, 3).node("act", new Sigmoid(), "stem");
        split(graph, "act", Split.evenly(1, 2), "a", "b");
        conv(conv(graph, "down", "b", 4, 6, 3), "up", "down", 6, 4, 3)
                .node("sum", new Add(), "b", "up")
                .node("all", new Concat(1), "a", "b", "sum");
        conv(graph, "merge", "all", 8, 18, 1).node("relu", new Relu(), "merge");
        return headed(graph, "relu", 8);
    }

    /** Half of the channels gate the other half. */
    static Graph gatedLinearUnit() {
        Graph.Builder graph = split(conv(graph(), "both", "x", 12, 3, 3), "both", Split.evenly(-3, 2), "value", "gate")
                .node("open", new Sigmoid(), "gate")
                .node("gated", new Mul(), "value", "open");
        conv(graph, "next", "gated", 5, 6, 3).node("relu", new Relu(), "next");
        return headed(graph, "relu", 5);
    }

    /** A reader of the first channels beside a reader of all. */
    static Graph channelSlice() {
        Graph.Builder graph = conv(graph(), "stem", "x", 10, 3, 3).node("first", Slice.of(1, 0, 6), "stem");
        conv(conv(graph, "part", "first", 5, 6, 3), "whole", "stem", 5, 10, 1)
                .node("sum", new Add(), "part", "whole")
                .node("relu", new Relu(), "sum");
        return headed(graph, "relu", 5);
    }

    /** Every second channel, every second one backwards, and all in reverse. */
    static Graph stridedSlices() {
        Graph.Builder graph = conv(graph(), "stem", "x", 10, 3, 3)
                .node("even", new Slice(Ints.of(0), Ints.of(10), Ints.of(1), Ints.of(2)), "stem")
                .node("odd", new Slice(Ints.of(-1), Ints.of(-20), Ints.of(1), Ints.of(-2)), "stem");
        conv(graph, "own", "x", 12, 3, 3)
                .node("reverse", new Slice(Ints.of(-1), Ints.of(Long.MIN_VALUE), Ints.of(1), Ints.of(-1)), "own")
                .node("all", new Concat(1), "even", "odd", "reverse");
        conv(graph, "merge", "all", 6, 22, 3).node("relu", new Relu(), "merge");
        return headed(graph, "relu", 6);
    }

    /** Negative widths of a Pad take the outer channels away. */
    static Graph croppedChannels() {
        Graph.Builder graph = conv(graph(), "stem", "x", 10, 3, 3)
                .node("inner", new Pad(Ints.of(0, -2, 0, 0, 0, -1, 0, 0), 0, Ints.NONE), "stem");
        conv(conv(graph, "part", "inner", 5, 7, 3), "whole", "stem", 5, 10, 1)
                .node("sum", new Add(), "part", "whole")
                .node("relu", new Relu(), "sum");
        return headed(graph, "relu", 5);
    }

    /** Up-sampling by moving channels into the image plane. */
    static Graph pixelShuffle(String mode) {
        Graph.Builder graph = conv(graph(), "wide", "x", 24, 3, 3).node("shuffled", new DepthToSpace(2, mode), "wide");
        conv(graph, "next", "shuffled", 5, 6, 3).node("relu", new Relu(), "next");
        return headed(graph, "relu", 5);
    }

    static Graph spaceToDepth() {
        Graph.Builder graph = conv(graph(), "stem", "x", 5, 3, 3).node("blocks", new SpaceToDepth(2), "stem");
        conv(graph, "next", "blocks", 6, 20, 3).node("relu", new Relu(), "next");
        return headed(graph, "relu", 6);
    }

    /** All channels twice, one copy after the other. */
    static Graph tiled() {
        Graph.Builder graph = conv(graph(), "stem", "x", 5, 3, 3).node("twice", new Tile(Ints.of(1, 2, 1, 1)), "stem");
        conv(graph, "next", "twice", 6, 10, 3).node("relu", new Relu(), "next");
        return headed(graph, "relu", 6);
    }

    /** Every channel three times in a row, as repeat_interleave is exported. */
    static Graph interleaved() {
        Graph.Builder graph = conv(graph(), "stem", "x", 5, 3, 3)
                .node("slot", new Unsqueeze(Ints.of(2)), "stem")
                .node("copies", new Expand(Ints.of(1, 5, 3, 6, 6)), "slot")
                .node("merged", new Reshape(Ints.of(0, 15, 6, 6), false), "copies");
        conv(graph, "next", "merged", 6, 15, 3).node("relu", new Relu(), "next");
        return headed(graph, "relu", 6);
    }

    /** A coarse map resized and joined with a fine one, as in a feature pyramid. */
    static Graph upsampled() {
        Graph.Builder graph = conv(graph(), "fine", "x", 6, 3, 3)
                .node(
                        "coarse",
                        Ops.create("MaxPool", Map.of("kernel_shape", Ints.of(2, 2), "strides", Ints.of(2, 2))),
                        "fine");
        conv(graph, "deep", "coarse", 8, 6, 3)
                .node("up", new Resize(Ints.of(1, 2, 3), Floats.NONE, Ints.of(8, 6, 6), Interpolation.LINEAR), "deep")
                .node("nearest", Resize.byScale(2, Interpolation.NEAREST), "deep")
                .node("both", new Concat(1), "fine", "up", "nearest");
        conv(graph, "merge", "both", 5, 22, 1).node("relu", new Relu(), "merge");
        return headed(graph, "relu", 5);
    }
}
