package dev.espalier.model;

import dev.espalier.graph.Graph;
import dev.espalier.graph.GraphException;
import dev.espalier.graph.Node;
import dev.espalier.op.Add;
import dev.espalier.op.AveragePool;
import dev.espalier.op.BatchNormalization;
import dev.espalier.op.Concat;
import dev.espalier.op.Conv;
import dev.espalier.op.Dropout;
import dev.espalier.op.Flatten;
import dev.espalier.op.Gemm;
import dev.espalier.op.GlobalAveragePool;
import dev.espalier.op.MaxPool;
import dev.espalier.op.Op;
import dev.espalier.op.Relu;
import dev.espalier.op.TensorType;
import dev.espalier.op.Window;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Builds a model layer by layer: {@code image("net", shape).conv(32, 3).relu().maxPool(2).flatten().dense(10).build(seed)}.
 *
 * <p>Layers are named by kind and number ({@code conv1}), inside a {@link #block} with its prefix ({@code stage1.0.conv1});
 * parameters append their role ({@code conv1.weight}). The input is called {@code input}, the output {@code logits}.
 */
public final class ModelBuilder {
    private static final String INPUT = "input";
    private static final String OUTPUT = "logits";

    private final String name;
    private final Shape sample;
    private final Map<String, TensorType> types = new HashMap<>();
    private final Map<String, TensorType> parameters = new LinkedHashMap<>();
    private final Map<String, Initial> initials = new LinkedHashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Integer> counters = new HashMap<>();
    private String prefix = "";
    private String current = INPUT;

    private ModelBuilder(String name, Shape sample) {
        this.name = name;
        this.sample = sample;
        types.put(INPUT, TensorType.f32(withBatch(sample)));
    }

    /** Starts a model whose samples have this shape, for example [3, 32, 32]; the batch stays open. */
    public static ModelBuilder of(String name, Shape sample) {
        return new ModelBuilder(name, sample);
    }

    private static long[] withBatch(Shape sample) {
        long[] dims = new long[sample.rank() + 1];
        dims[0] = -1;
        System.arraycopy(sample.toArray(), 0, dims, 1, sample.rank());
        return dims;
    }

    /** Shape of the value that the next layer takes, the batch left out. */
    public Shape shape() {
        long[] dims = type().shape().toArray();
        return Shape.of(Arrays.copyOfRange(dims, 1, dims.length));
    }

    private TensorType type() {
        return typeOf(current);
    }

    private TensorType typeOf(String value) {
        TensorType type = types.get(value);
        if (type == null) {
            throw new GraphException("model '" + name + "' has no value '" + value + "'");
        }
        return type;
    }

    /** Convolution with a bias, stride 1 and no padding. */
    public ModelBuilder conv(int channels, int kernel) {
        return conv(channels, kernel, 1, 0);
    }

    /** Convolution with a bias. */
    public ModelBuilder conv(int channels, int kernel, int stride, int pad) {
        return conv(channels, Window.square(kernel, stride, pad), 1, true);
    }

    /** Convolution without a bias, followed by batch normalisation, whose shift takes the place of the bias. */
    public ModelBuilder convNorm(int channels, int kernel, int stride, int pad) {
        return conv(channels, Window.square(kernel, stride, pad), 1, false).norm();
    }

    /** Convolution over a window of any form; {@code groups} = input channels makes it depthwise. */
    public ModelBuilder conv(int channels, Window window, int groups, boolean bias) {
        String layer = next("conv");
        long[] kernel = window.kernel().toArray();
        long[] weight = new long[2 + kernel.length];
        weight[0] = channels;
        weight[1] = type().dim(1) / groups;
        System.arraycopy(kernel, 0, weight, 2, kernel.length);
        long fanIn = Shape.of(weight).numel() / channels;
        List<String> inputs =
                new ArrayList<>(List.of(current, parameter(layer + ".weight", Initial.he(fanIn), weight)));
        if (bias) {
            inputs.add(parameter(layer + ".bias", Initial.ZERO, channels));
        }
        return apply(layer, new Conv(window, groups), inputs);
    }

    /** Fully connected layer with a bias, on rows of features. */
    public ModelBuilder dense(int units) {
        String layer = next("dense");
        long features = type().dim(1);
        return apply(
                layer,
                Gemm.DENSE,
                List.of(
                        current,
                        parameter(layer + ".weight", Initial.he(features), units, features),
                        parameter(layer + ".bias", Initial.ZERO, units)));
    }

    /** Batch normalisation with scale 1, bias 0, mean 0 and variance 1 to begin with. */
    public ModelBuilder norm() {
        String layer = next("norm");
        long channels = type().dim(1);
        return apply(
                layer,
                new BatchNormalization(1e-5f, 0.9f),
                List.of(
                        current,
                        parameter(layer + ".scale", Initial.ONE, channels),
                        parameter(layer + ".bias", Initial.ZERO, channels),
                        parameter(layer + ".mean", Initial.ZERO, channels),
                        parameter(layer + ".variance", Initial.ONE, channels)));
    }

    public ModelBuilder relu() {
        return op("relu", new Relu());
    }

    /** Non-overlapping windows of this size; what is left at the border is dropped. */
    public ModelBuilder maxPool(int size) {
        return maxPool(size, size, 0);
    }

    public ModelBuilder maxPool(int kernel, int stride, int pad) {
        return op("pool", new MaxPool(Window.square(kernel, stride, pad)));
    }

    /** Means over non-overlapping windows of this size. */
    public ModelBuilder averagePool(int size) {
        return op("pool", new AveragePool(Window.square(size, size, 0), false));
    }

    /** Mean of each channel, as rows of features. */
    public ModelBuilder globalAveragePool() {
        return op("pool", new GlobalAveragePool()).flatten();
    }

    public ModelBuilder flatten() {
        return op("flatten", new Flatten(1));
    }

    public ModelBuilder dropout(double ratio) {
        return op("dropout", new Dropout((float) ratio));
    }

    /** Any operator with one input and no parameters, named by this kind and a number. */
    public ModelBuilder op(String kind, Op op) {
        return apply(next(kind), op, List.of(current));
    }

    /** Adds the layers under names that begin with {@code blockName.}. */
    public ModelBuilder block(String blockName, Consumer<ModelBuilder> layers) {
        String outer = prefix;
        prefix = outer + blockName + ".";
        layers.accept(this);
        prefix = outer;
        return this;
    }

    /** The sum of a branch and a shortcut, both from the value here; a shortcut without layers is the value itself. */
    public ModelBuilder residual(Consumer<ModelBuilder> branch, Consumer<ModelBuilder> shortcut) {
        List<String> both = fork(List.of(branch, shortcut));
        return apply(next("add"), new Add(), both);
    }

    /** The channels of all branches, one after the other. */
    public ModelBuilder concat(List<Consumer<ModelBuilder>> branches) {
        return apply(next("concat"), new Concat(1), fork(branches));
    }

    private List<String> fork(List<Consumer<ModelBuilder>> branches) {
        String from = current;
        List<String> ends = new ArrayList<>();
        for (Consumer<ModelBuilder> branch : branches) {
            current = from;
            branch.accept(this);
            ends.add(current);
        }
        return ends;
    }

    private String next(String kind) {
        return prefix + kind + counters.merge(prefix + kind, 1, Integer::sum);
    }

    private String parameter(String parameter, Initial initial, long... shape) {
        TensorType type = TensorType.f32(shape);
        parameters.put(parameter, type);
        types.put(parameter, type);
        initials.put(parameter, initial);
        return parameter;
    }

    private ModelBuilder apply(String layer, Op op, List<String> inputs) {
        try {
            types.put(
                    layer, op.infer(inputs.stream().map(this::typeOf).toList()).get(0));
        } catch (ShapeException e) {
            throw new ShapeException("layer '" + layer + "': " + e.getMessage());
        }
        nodes.add(new Node(layer, op, inputs, List.of(layer)));
        current = layer;
        return this;
    }

    /** The graph alone; the value reached so far is its output. */
    public Graph graph() {
        Graph.Builder graph = Graph.builder(name).input(INPUT, typeOf(INPUT)).output(OUTPUT);
        parameters.forEach(graph::parameter);
        for (Node node : nodes) {
            List<String> inputs = node.inputs().stream().map(this::published).toList();
            graph.node(new Node(node.name(), node.op(), inputs, List.of(published(node.output()))));
        }
        return graph.build();
    }

    private String published(String value) {
        return value.equals(current) ? OUTPUT : value;
    }

    /** The model with fresh weights that depend on the seed alone. */
    public Model build(long seed) {
        Graph graph = graph();
        Metadata metadata = Metadata.NONE
                .withPreprocessing(sample.rank() == 3 ? Preprocessing.unit(sample) : null)
                .withProvenance(Provenance.UNKNOWN.with("architecture", name).with("initialSeed", Long.toString(seed)));
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            initials.forEach(
                    (parameter, initial) -> tensors.put(parameter, initial.draw(parameter, typeOf(parameter), seed)));
            return new Model(graph, Weights.adopt(tensors), metadata);
        }
    }
}
