package dev.espalier.model;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Add;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.AveragePool;
import dev.espalier.op.BatchNormalization;
import dev.espalier.op.Concat;
import dev.espalier.op.Constant;
import dev.espalier.op.Conv;
import dev.espalier.op.ConvTranspose;
import dev.espalier.op.Dropout;
import dev.espalier.op.Flatten;
import dev.espalier.op.GRU;
import dev.espalier.op.Gather;
import dev.espalier.op.Gemm;
import dev.espalier.op.GlobalAveragePool;
import dev.espalier.op.LSTM;
import dev.espalier.op.LayerNormalization;
import dev.espalier.op.MatMul;
import dev.espalier.op.MaxPool;
import dev.espalier.op.Mul;
import dev.espalier.op.Op;
import dev.espalier.op.Recurrence;
import dev.espalier.op.Relu;
import dev.espalier.op.Reshape;
import dev.espalier.op.Sigmoid;
import dev.espalier.op.Softmax;
import dev.espalier.op.TensorType;
import dev.espalier.op.Transpose;
import dev.espalier.op.Window;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Builds a model layer by layer: {@code image("net", shape).conv(32, 3).relu().maxPool(2).flatten().dense(10).build(seed)}.
 *
 * <p>Layers are named by kind and number ({@code conv1}), inside a {@link #block} with its prefix ({@code stage1.0.conv1});
 * parameters append their role ({@code conv1.weight}). The input is called {@code input}, the output {@code logits}.
 */
public final class ModelBuilder {
    private static final String INPUT = "input";

    private final Shape sample;
    private final ModelDraft draft;

    /** Starts a model whose first input has this name. */
    ModelBuilder(String name, String input, Shape sample, DType dtype) {
        this.sample = sample;
        draft = new ModelDraft(name);
        input(input, sample, dtype);
    }

    /** Starts a model whose samples have this shape, for example [3, 32, 32]; the batch stays open. */
    public static ModelBuilder of(String name, Shape sample) {
        return new ModelBuilder(name, INPUT, sample, DType.F32);
    }

    /** Starts a model whose samples are this many whole numbers, such as the tokens of a text. */
    public static ModelBuilder tokens(String name, long length) {
        return new ModelBuilder(name, INPUT, Shape.of(length), DType.I64);
    }

    /** A further input, from which the next layer goes on; its samples have this shape. */
    public ModelBuilder input(String inputName, Shape shape, DType dtype) {
        draft.input(inputName, new TensorType(dtype, Shape.of(withBatch(shape))));
        return this;
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
        return draft.typeOf(draft.current());
    }

    private String current() {
        return draft.current();
    }

    private String next(String kind) {
        return draft.next(kind);
    }

    private String parameter(String parameter, Initial initial, long... shape) {
        return draft.parameter(parameter, initial, shape);
    }

    private ModelBuilder apply(String layer, Op op, List<String> from) {
        draft.apply(new Node(layer, op, from, List.of(layer)));
        return this;
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

    /** As {@link #convNorm(int, int, int, int)} over a window of any form. */
    public ModelBuilder convNorm(int channels, Window window, int groups) {
        return conv(channels, window, groups, false).norm();
    }

    /** A convolution of every channel by itself, of an odd size and padded by half of it, followed by batch normalisation. */
    public ModelBuilder depthwiseNorm(int kernel, int stride) {
        int channels = (int) type().dim(1);
        return convNorm(channels, Window.square(kernel, stride, kernel / 2), channels);
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
        List<String> from =
                new ArrayList<>(List.of(current(), parameter(layer + ".weight", Initial.he(fanIn), weight)));
        if (bias) {
            from.add(parameter(layer + ".bias", Initial.ZERO, channels));
        }
        return apply(layer, new Conv(window, groups), from);
    }

    /** A transposed convolution with a bias that doubles height and width. */
    public ModelBuilder upConv(int channels) {
        String layer = next("up");
        long before = type().dim(1);
        return apply(
                layer,
                new ConvTranspose(Window.square(2, 2, 0), Ints.NONE, 1),
                List.of(
                        current(),
                        parameter(layer + ".weight", Initial.he(before), before, channels, 2, 2),
                        parameter(layer + ".bias", Initial.ZERO, channels)));
    }

    /** Fully connected layer with a bias, on rows of features. */
    public ModelBuilder dense(int units) {
        String layer = next("dense");
        long features = type().dim(1);
        return apply(
                layer,
                Gemm.DENSE,
                List.of(
                        current(),
                        parameter(layer + ".weight", Initial.he(features), units, features),
                        parameter(layer + ".bias", Initial.ZERO, units)));
    }

    /** Fully connected layer with a bias over the last axis, whatever lies before it. */
    public ModelBuilder project(int units) {
        String layer = next("project");
        long features = type().dim(type().rank() - 1);
        String weight = parameter(layer + ".weight", Initial.he(features), features, units);
        apply(layer + ".product", new MatMul(), List.of(current(), weight));
        return apply(layer, new Add(), List.of(current(), parameter(layer + ".bias", Initial.ZERO, units)));
    }

    /** Vectors of {@code width} numbers in place of whole numbers below {@code vocabulary}. */
    public ModelBuilder embedding(int vocabulary, int width) {
        String layer = next("embedding");
        String weight = parameter(layer + ".weight", Initial.WORD, vocabulary, width);
        return apply(layer, Gather.embedding(), List.of(weight, current()));
    }

    /** Adds a vector of its own to every position, all but the batch being positions. */
    public ModelBuilder position() {
        String layer = next("position");
        long[] sizes = shape().toArray();
        String weight = parameter(layer + ".weight", Initial.he(2500), sizes);
        return apply(layer, new Add(), List.of(current(), weight));
    }

    /** Every position's single number [batch, positions, 1] times a vector of {@code width} numbers of its own. */
    public ModelBuilder scale(int width) {
        String layer = next("scale");
        String weight = parameter(layer + ".weight", Initial.he(2), type().dim(1), width);
        return apply(layer, new Mul(), List.of(current(), weight));
    }

    /** Normalisation over the last axis with scale 1 and bias 0 to begin with. */
    public ModelBuilder layerNorm() {
        String layer = next("layerNorm");
        long width = type().dim(type().rank() - 1);
        return apply(
                layer,
                new LayerNormalization(-1, 1e-5f),
                List.of(
                        current(),
                        parameter(layer + ".scale", Initial.ONE, width),
                        parameter(layer + ".bias", Initial.ZERO, width)));
    }

    /** Scaled dot-product self-attention over [batch, positions, width] (Vaswani et al. 2017), projected back to its width. */
    public ModelBuilder attention(int heads) {
        int width = (int) type().dim(2);
        int size = width / heads;
        Ints split = Ints.of(0, 0, heads, size);
        Attribute.TensorValue scale = Attribute.TensorValue.of(new float[] {(float) (1 / Math.sqrt(size))}, 1);
        List<String> all = fork(List.of(
                query -> query.project(width)
                        .op("heads", new Reshape(split, false))
                        .op("turn", turn(0, 2, 1, 3)),
                key -> key.project(width).op("heads", new Reshape(split, false)).op("turn", turn(0, 2, 3, 1)),
                value -> value.project(width)
                        .op("heads", new Reshape(split, false))
                        .op("turn", turn(0, 2, 1, 3))));
        apply(next("scores"), new MatMul(), all.subList(0, 2));
        String scores = current();
        apply(next("scale"), new Constant(scale), List.of());
        apply(next("scaled"), new Mul(), List.of(scores, current()));
        op("weights", new Softmax(-1));
        apply(next("mixed"), new MatMul(), List.of(current(), all.get(2)));
        return op("turn", turn(0, 2, 1, 3))
                .op("joined", new Reshape(Ints.of(0, 0, width), false))
                .project(width);
    }

    private static Transpose turn(long... axes) {
        return new Transpose(Ints.of(axes));
    }

    /**
     * Long short-term memory over [batch, time, features]: the outputs at every time, those of both directions side by side if
     * {@code bothWays}.
     */
    public ModelBuilder lstm(int units, boolean bothWays) {
        return recurrent("lstm", LSTM.of(units, bothWays));
    }

    /** As {@link #lstm}, with gated recurrent units. */
    public ModelBuilder gru(int units, boolean bothWays) {
        return recurrent("gru", GRU.of(units, bothWays));
    }

    private ModelBuilder recurrent(String kind, Recurrence op) {
        String layer = next(kind);
        long time = type().dim(1);
        long features = type().dim(2);
        long ways = op.direction().count();
        long units = op.units();
        long rows = op.gates() * units;
        op("turn", turn(1, 0, 2));
        List<String> from = List.of(
                current(),
                parameter(layer + ".weight", Initial.he(2 * features), ways, rows, features),
                parameter(layer + ".recurrent", Initial.he(2 * units), ways, rows, units),
                parameter(layer + ".bias", Initial.ZERO, ways, 2 * rows));
        // The last states, which ONNX gives beside the outputs, go unused.
        List<String> results =
                op.states() == 2 ? List.of(layer, layer + ".h", layer + ".c") : List.of(layer, layer + ".h");
        draft.apply(new Node(layer, op, from, results));
        return op("turn", turn(2, 0, 1, 3)).op("joined", new Reshape(Ints.of(0, time, ways * units), false));
    }

    /** Batch normalisation with scale 1, bias 0, mean 0 and variance 1 to begin with. */
    public ModelBuilder norm() {
        String layer = next("norm");
        long channels = type().dim(1);
        return apply(
                layer,
                new BatchNormalization(1e-5f, 0.9f),
                List.of(
                        current(),
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

    /** Means over windows without padding counted in. */
    public ModelBuilder averagePool(int kernel, int stride, int pad) {
        return op("pool", new AveragePool(Window.square(kernel, stride, pad), false));
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
        return ratio == 0 ? this : op("dropout", new Dropout((float) ratio));
    }

    /** Any operator with one input and no parameters, named by this kind and a number. */
    public ModelBuilder op(String kind, Op op) {
        return apply(next(kind), op, List.of(current()));
    }

    /** Adds the layers under names that begin with {@code blockName.}. */
    public ModelBuilder block(String blockName, Consumer<ModelBuilder> layers) {
        draft.enter(blockName);
        layers.accept(this);
        draft.leave();
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

    /** The value here multiplied by what the layers make of it, broadcast to its shape. */
    public ModelBuilder gate(Consumer<ModelBuilder> layers) {
        return apply(next("gated"), new Mul(), fork(List.of(value -> {}, layers)));
    }

    /** What an operator makes of the ends of all branches. */
    public ModelBuilder join(String kind, Op op, List<Consumer<ModelBuilder>> branches) {
        return apply(next(kind), op, fork(branches));
    }

    /** {@code x * sigmoid(x)}. */
    public ModelBuilder silu() {
        return gate(value -> value.op("sigmoid", new Sigmoid()));
    }

    private List<String> fork(List<Consumer<ModelBuilder>> branches) {
        String from = current();
        List<String> ends = new ArrayList<>();
        for (Consumer<ModelBuilder> branch : branches) {
            draft.goOnFrom(from);
            branch.accept(this);
            ends.add(current());
        }
        return ends;
    }

    /** The graph alone; the value reached so far is its output. */
    public Graph graph() {
        return draft.graph();
    }

    /** The model with fresh weights that depend on the seed alone. */
    public Model build(long seed) {
        boolean image = sample.rank() == 3 && draft.inputs() == 1;
        return draft.build(seed, image ? Preprocessing.unit(sample) : null);
    }
}
