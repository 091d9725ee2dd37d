package dev.espalier.op;

import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** One operator with input types and the output type that ONNX defines for them; the batch is open. */
record OpCase(Op op, List<TensorType> in, TensorType out) {
    private static OpCase of(Op op, TensorType out, TensorType... in) {
        return new OpCase(op, List.of(in), out);
    }

    private static TensorType f(long... dims) {
        return TensorType.f32(dims);
    }

    static Window window(Ints kernel, Ints strides, Ints pads, Ints dilations) {
        return new Window(kernel, strides, pads, dilations, AutoPad.NOTSET, false);
    }

    private static Window same(AutoPad rule, Ints kernel, Ints strides) {
        return new Window(kernel, strides, Ints.NONE, Ints.NONE, rule, false);
    }

    static Stream<OpCase> all() {
        return Stream.of(
                        convolutions(),
                        transposedConvolutions(),
                        pools(),
                        products(),
                        normalisations(),
                        elementwise(),
                        functions(),
                        pairs(),
                        reductions(),
                        volumes(),
                        lookups(),
                        recurrences(),
                        layouts(),
                        moves(),
                        resizes())
                .flatMap(s -> s);
    }

    private static Stream<OpCase> convolutions() {
        Window plain = Window.square(3, 1, 1);
        Window uneven = window(Ints.of(3, 2), Ints.of(2, 1), Ints.of(1, 0, 2, 1), Ints.of(1, 2));
        Ints k3 = Ints.of(3);
        return Stream.of(
                of(new Conv(plain, 1), f(-1, 4, 6, 5), f(-1, 3, 6, 5), f(4, 3, 3, 3), f(4)),
                of(new Conv(uneven, 1), f(-1, 4, 4, 4), f(-1, 3, 6, 5), f(4, 3, 3, 2)),
                of(new Conv(plain, 2), f(-1, 6, 5, 5), f(-1, 4, 5, 5), f(6, 2, 3, 3), f(6)),
                of(new Conv(Window.square(3, 2, 1), 4), f(-1, 4, 3, 3), f(-1, 4, 5, 5), f(4, 1, 3, 3)),
                of(
                        new Conv(same(AutoPad.SAME_UPPER, Ints.NONE, Ints.of(2, 2)), 1),
                        f(-1, 2, 3, 3),
                        f(-1, 3, 5, 6),
                        f(2, 3, 3, 3)),
                of(
                        new Conv(same(AutoPad.SAME_LOWER, Ints.of(2, 2), Ints.NONE), 1),
                        f(-1, 2, 5, 6),
                        f(-1, 3, 5, 6),
                        f(2, 3, 2, 2)),
                of(
                        new Conv(window(k3, Ints.of(2), Ints.of(1, 0), Ints.of(2)), 1),
                        f(-1, 4, 3),
                        f(-1, 3, 8),
                        f(4, 3, 3),
                        f(4)));
    }

    private static Stream<OpCase> transposedConvolutions() {
        Window up = window(Ints.of(3, 3), Ints.of(2, 2), Ints.of(1, 1, 1, 1), Ints.NONE);
        Ints k3 = Ints.of(3);
        return Stream.of(
                of(new ConvTranspose(up, Ints.of(1, 0), 1), f(-1, 2, 8, 7), f(-1, 3, 4, 4), f(3, 2, 3, 3), f(2)),
                of(
                        new ConvTranspose(window(Ints.NONE, Ints.of(2, 2), Ints.NONE, Ints.of(2, 1)), Ints.NONE, 2),
                        f(-1, 6, 9, 8),
                        f(-1, 4, 3, 4),
                        f(4, 3, 3, 2)),
                of(
                        new ConvTranspose(same(AutoPad.SAME_UPPER, Ints.NONE, Ints.of(2, 2)), Ints.NONE, 1),
                        f(-1, 2, 6, 8),
                        f(-1, 3, 3, 4),
                        f(3, 2, 3, 3)),
                of(
                        new ConvTranspose(window(k3, Ints.of(3), Ints.of(1, 0), Ints.NONE), Ints.of(2), 1),
                        f(-1, 2, 13),
                        f(-1, 3, 4),
                        f(3, 2, 3)));
    }

    private static Stream<OpCase> pools() {
        Window ceil = new Window(Ints.of(3, 3), Ints.of(2, 2), Ints.of(1, 1, 1, 1), Ints.NONE, AutoPad.NOTSET, true);
        Window flat = window(Ints.of(2), Ints.of(2), Ints.of(0, 1), Ints.NONE);
        Window dilated = window(Ints.of(2, 2), Ints.of(1, 1), Ints.NONE, Ints.of(2, 2));
        return Stream.of(
                of(new MaxPool(Window.square(2, 2, 0)), f(-1, 2, 3, 2), f(-1, 2, 6, 5)),
                of(new MaxPool(ceil), f(-1, 2, 4, 4), f(-1, 2, 6, 6)),
                of(new MaxPool(ceil), f(-1, 2, 3, 3), f(-1, 2, 5, 5)),
                of(new MaxPool(dilated), f(-1, 2, 3, 3), f(-1, 2, 5, 5)),
                of(new MaxPool(flat), f(-1, 2, 4), f(-1, 2, 7)),
                of(new MaxPool(same(AutoPad.SAME_UPPER, Ints.of(2, 2), Ints.of(2, 2))), f(-1, 1, 3, 3), f(-1, 1, 5, 6)),
                of(new AveragePool(Window.square(3, 2, 1), true), f(-1, 2, 3, 3), f(-1, 2, 5, 5)),
                of(new AveragePool(Window.square(3, 2, 1), false), f(-1, 2, 3, 3), f(-1, 2, 5, 5)),
                of(new AveragePool(flat, false), f(-1, 2, 4), f(-1, 2, 7)),
                of(new GlobalAveragePool(), f(-1, 3, 1, 1), f(-1, 3, 4, 5)),
                of(new GlobalAveragePool(), f(-1, 3, 1), f(-1, 3, 4)),
                of(new GlobalMaxPool(), f(-1, 3, 1, 1), f(-1, 3, 4, 5)));
    }

    private static Stream<OpCase> products() {
        return Stream.of(
                of(new Einsum("bqd,bkd->bqk"), f(-1, 3, 4), f(-1, 3, 2), f(-1, 4, 2)),
                of(new Einsum("bij, jk -> bik"), f(-1, 3, 5), f(-1, 3, 4), f(4, 5)),
                of(new Einsum("bi,bj,j->bij"), f(-1, 3, 2), f(-1, 3), f(-1, 2), f(2)),
                of(new Einsum("bij->bi"), f(-1, 3), f(-1, 3, 4)),
                of(new Einsum("kj,jk"), f(), f(3, 2), f(2, 3)),
                of(new Einsum("...ij, ...jk -> ...ik"), f(-1, 2, 3, 5), f(-1, 2, 3, 4), f(-1, 2, 4, 5)),
                of(new Einsum("...ij,...jk->...ik"), f(-1, 2, 3, 5), f(-1, 2, 3, 4), f(2, 4, 5)),
                of(new Einsum("b...c,cd->b...d"), f(-1, 3, 2, 5), f(-1, 3, 2, 4), f(4, 5)),
                of(new Einsum("...c,c"), f(-1, 3), f(-1, 3, 4), f(4)),
                of(Gemm.DENSE, f(-1, 5), f(-1, 3), f(5, 3), f(5)),
                of(new Gemm(1, 1, false, false), f(-1, 5), f(-1, 3), f(3, 5)),
                of(new Gemm(0.5f, 2, false, true), f(-1, 5), f(-1, 3), f(5, 3), f(1, 5)),
                of(new Gemm(1, 1, true, false), f(4, 5), f(3, 4), f(3, 5), f(4, 1)),
                of(new MatMul(), f(-1, 5), f(-1, 3), f(3, 5)),
                of(new MatMul(), f(-1, 4, 2, 5), f(-1, 4, 2, 3), f(3, 5)),
                of(new MatMul(), f(-1, 4, 2, 5), f(-1, 1, 2, 3), f(4, 3, 5)),
                of(new MatMul(), f(-4, 2, 5), f(-4, 2, 3), f(-4, 3, 5)),
                of(Gemm.DENSE, f(-4, 5), f(-4, 3), f(5, 3), f(5)));
    }

    private static Stream<OpCase> normalisations() {
        return Stream.of(
                of(new LayerNormalization(-1, 1e-5f), f(-1, 3, 4), f(-1, 3, 4), f(4), f(4)),
                of(new LayerNormalization(1, 1e-3f), f(-1, 3, 4), f(-1, 3, 4), f(3, 4)),
                of(new Softmax(-1), f(-1, 5), f(-1, 5)),
                of(new Softmax(1), f(-1, 3, 4), f(-1, 3, 4)),
                of(new LogSoftmax(-1), f(-1, 5), f(-1, 5)),
                of(new InstanceNormalization(1e-2f), f(-1, 3, 4, 2), f(-1, 3, 4, 2), f(3), f(3)),
                of(new GroupNormalization(2, 1e-2f), f(-1, 4, 3), f(-1, 4, 3), f(4), f(4)),
                of(new GroupNormalization(2, 1e-2f), f(-1, 4, 3), f(-1, 4, 3), f(2), f(2)),
                of(new LpNormalization(-1, 2), f(-1, 3, 4), f(-1, 3, 4)),
                of(new LpNormalization(1, 1), f(-1, 3, 4), f(-1, 3, 4)),
                of(new LRN(0.1f, 0.75f, 1, 3), f(-1, 5, 2, 2), f(-1, 5, 2, 2)),
                of(new LRN(0.1f, 0.75f, 1, 4), f(-1, 5, 2, 2), f(-1, 5, 2, 2)));
    }

    private static Stream<OpCase> elementwise() {
        TensorType x = f(-1, 3, 4);
        Stream<OpCase> unary = Stream.<Op>of(
                        new Relu(),
                        new LeakyRelu(0.1f),
                        new Clip(-0.6f, 0.6f),
                        new Clip(0, Float.POSITIVE_INFINITY),
                        new Sigmoid(),
                        new Tanh(),
                        new Gelu(false),
                        new Gelu(true),
                        new HardSwish(),
                        new HardSigmoid(0.2f, 0.5f),
                        new Elu(0.7f),
                        new Identity(),
                        new Dropout(0.25f))
                .map(op -> of(op, x, x));
        Stream<OpCase> binary = Stream.<Op>of(new Add(), new Sub(), new Mul(), new Div())
                .flatMap(op -> Stream.of(of(op, x, x, x), of(op, x, x, f(4)), of(op, x, f(3, 1), x)));
        return Stream.concat(unary, binary);
    }

    private static Stream<OpCase> functions() {
        TensorType x = f(-1, 3, 4);
        return Stream.of(
                        Stream.of(Pointwise.all()),
                        Stream.<Op>of(
                                new Selu(1.6f, 1.05f), new Celu(0.7f), new ThresholdedRelu(0.33f), new Cast(DType.F32)))
                .flatMap(s -> s)
                .map(op -> of(op, x, x));
    }

    private static TensorType bool(long... dims) {
        return new TensorType(DType.BOOL, Shape.of(dims));
    }

    private static Stream<OpCase> pairs() {
        TensorType x = f(-1, 3, 4);
        Stream<OpCase> comparisons = Stream.of(Comparison.all()).map(op -> {
            boolean logical = List.of("And", "Or", "Xor").contains(op.type());
            TensorType in = logical ? bool(-1, 3, 4) : x;
            return of(op, bool(-1, 3, 4), in, logical ? bool(4) : f(4));
        });
        Stream<OpCase> variadic = Stream.of(Variadic.all()).map(op -> of(op, x, x, f(3, 1), f(4)));
        return Stream.of(
                        comparisons,
                        variadic,
                        Stream.of(
                                of(new Not(), bool(-1, 3), bool(-1, 3)),
                                of(new NumberTest(true), bool(-1, 3), f(-1, 3)),
                                of(new NumberTest(false), bool(-1, 3), f(-1, 3)),
                                of(new Where(), x, bool(3, 1), x, f(4)),
                                of(new Pow(), x, x, f(4)),
                                of(new Mod(), numbers(-1, 3), numbers(-1, 3), numbers(3)),
                                of(new Pow(), x, x, f()),
                                of(new PRelu(), x, x, f(3, 1)),
                                of(new PRelu(), x, x, f(1))))
                .flatMap(s -> s);
    }

    private static Stream<OpCase> reductions() {
        TensorType x = f(-1, 3, 4);
        Stream<OpCase> sums = Stream.of(
                of(new CumSum(1, false, false), x, x),
                of(new CumSum(-1, true, false), x, x),
                of(new CumSum(2, false, true), x, x),
                of(new CumSum(1, true, true), x, x));
        return Stream.concat(sums, totals());
    }

    private static Stream<OpCase> totals() {
        return Stream.of(Reduction.Kind.values())
                .flatMap(kind -> Stream.of(
                        of(new Reduction(kind, Ints.of(2, -2), true, false), f(-1, 1, 1), f(-1, 3, 4)),
                        of(new Reduction(kind, Ints.of(1), false, false), f(-1, 4), f(-1, 3, 4)),
                        of(new Reduction(kind, Ints.NONE, false, false), f(), f(3, 4)),
                        of(new Reduction(kind, Ints.NONE, true, true), f(-1, 3, 4), f(-1, 3, 4))));
    }

    private static Stream<OpCase> volumes() {
        Ints k3 = Ints.of(2, 3, 2);
        Window plain = window(k3, Ints.of(1, 2, 1), Ints.of(0, 1, 0, 0, 1, 0), Ints.NONE);
        Window uneven = window(k3, Ints.NONE, Ints.of(1, 0, 0, 0, 1, 1), Ints.NONE);
        return Stream.of(
                of(new Conv(plain, 1), f(-1, 4, 2, 2, 3), f(-1, 2, 3, 4, 4), f(4, 2, 2, 3, 2), f(4)),
                of(new Conv(uneven, 2), f(-1, 4, 3, 3, 4), f(-1, 2, 3, 4, 4), f(4, 1, 2, 3, 2)),
                of(
                        new ConvTranspose(plain, Ints.of(0, 1, 0), 1),
                        f(-1, 3, 4, 8, 5),
                        f(-1, 2, 3, 4, 4),
                        f(2, 3, 2, 3, 2)),
                of(
                        new ConvTranspose(uneven, Ints.NONE, 1),
                        f(-1, 3, 3, 5, 4),
                        f(-1, 2, 3, 4, 4),
                        f(2, 3, 2, 3, 2),
                        f(3)),
                of(new MaxPool(plain), f(-1, 2, 2, 2, 3), f(-1, 2, 3, 4, 4)),
                of(new AveragePool(plain, true), f(-1, 2, 2, 2, 3), f(-1, 2, 3, 4, 4)),
                of(new AveragePool(uneven, false), f(-1, 2, 3, 3, 4), f(-1, 2, 3, 4, 4)),
                of(new GlobalAveragePool(), f(-1, 2, 1, 1, 1), f(-1, 2, 3, 4, 2)));
    }

    private static TensorType numbers(long... dims) {
        return new TensorType(DType.I64, Shape.of(dims));
    }

    private static Stream<OpCase> lookups() {
        TensorValue three = TensorValue.of(new long[] {2, 0, -1}, 3);
        TensorValue one = TensorValue.of(new long[] {-2});
        TensorValue square = TensorValue.of(new long[] {0, 1, 2, 1}, 2, 2);
        return Stream.of(
                of(Gather.embedding(), f(-1, 5, 4), f(2, 4), numbers(-1, 5)),
                of(new Gather(1, three), f(-1, 3, 4), f(-1, 3, 4)),
                of(new Gather(-1, one), f(-1, 3), f(-1, 3, 4)),
                of(new Gather(1, square), f(-1, 2, 2, 4), f(-1, 3, 4)),
                of(new GatherElements(1), f(-1, 2, 4), f(-1, 3, 4), numbers(-1, 2, 4)),
                of(new GatherND(0), f(-1, 5, 4), f(2, 3, 4), numbers(-1, 5, 2)),
                of(new GatherND(0), f(-1, 3, 4), f(2, 3, 4), numbers(-1, 1)),
                of(new GatherND(1), f(-1, 5, 2), f(-1, 3, 4, 2), numbers(-1, 5, 2)),
                of(new GatherND(2), f(-1, 3, 4), f(-1, 3, 2, 4), numbers(-1, 3, 1)),
                of(new TopK(Ints.of(2), -1, true), f(-1, 3, 2), f(-1, 3, 4)),
                of(new TopK(Ints.of(1), 1, false), f(-1, 1, 4), f(-1, 3, 4)),
                of(new ArgExtreme(true, -1, false, false), numbers(-1, 3), f(-1, 3, 4)),
                of(new ArgExtreme(true, 1, true, true), numbers(-1, 1, 4), f(-1, 3, 4)),
                of(new ArgExtreme(false, 1, false, true), numbers(-1, 4), f(-1, 3, 4)));
    }

    private static Stream<OpCase> recurrences() {
        return Stream.of(Direction.values())
                .flatMap(way -> Stream.of(
                        recurrence(new LSTM(3, way), way.count(), 4, 2),
                        recurrence(new GRU(3, way, false), way.count(), 3, 1),
                        recurrence(new GRU(3, way, true), way.count(), 3, 1),
                        recurrence(new RNN(3, way, false), way.count(), 1, 1),
                        recurrence(new RNN(3, way, true), way.count(), 1, 1)));
    }

    private static OpCase recurrence(Op op, long ways, long gates, int states) {
        List<TensorType> in = new ArrayList<>(List.of(
                f(4, -1, 2), f(ways, 3 * gates, 2), f(ways, 3 * gates, 3), f(ways, 6 * gates), TensorType.ABSENT));
        for (int s = 0; s < states; s++) {
            in.add(f(ways, -1, 3));
        }
        return new OpCase(op, in, f(4, ways, -1, 3));
    }

    /** Random values of an input's type that the operator is defined on. */
    Tensor draw(TensorType type) {
        Tensor values = Tensor.randn(Device.CPU, type.shape().toArray());
        if (type.dtype() == DType.BOOL || type.dtype() == DType.I64) {
            return type.dtype() == DType.BOOL || !(op instanceof Mod)
                    ? values.gt(0).to(type.dtype())
                    : values.mul(5).to(type.dtype()).mul(2).add(1).to(type.dtype());
        }
        return isPositive() ? values.abs().add(0.1) : values;
    }

    /** Whether the operator is smooth on positive numbers only. */
    boolean isPositive() {
        return List.of("Log", "Sqrt", "Reciprocal", "Pow", "ReduceLogSum").contains(op.type());
    }

    private static Stream<OpCase> layouts() {
        Ints none = Ints.NONE;
        return Stream.of(
                of(new Concat(1), f(-1, 5, 4), f(-1, 3, 4), f(-1, 2, 4)),
                of(new Concat(-1), f(-1, 3, 8), f(-1, 3, 4), f(-1, 3, 1), f(-1, 3, 3)),
                of(new Flatten(1), f(-1, 24), f(-1, 2, 3, 4)),
                of(new Flatten(0), f(1, 12), f(3, 4)),
                of(new Flatten(-1), f(6, 4), f(2, 3, 4)),
                of(new Flatten(1), f(-4, 6), f(-4, 2, 3)),
                of(new Reshape(Ints.of(3, -1, 2), false), f(3, -2, 2), f(3, -1, 4)),
                of(new Reshape(Ints.of(-1, 2, 3, 4), false), f(-1, 2, 3, 4), f(-2, 3, 4)),
                of(new Reshape(Ints.of(0, 12), false), f(-2, 12), f(-2, 3, 4)),
                of(new Concat(0), f(5, -1), f(3, -1), f(2, -1)),
                of(new Reshape(Ints.of(0, 2, -1), false), f(-1, 2, 6), f(-1, 3, 4)),
                of(new Reshape(Ints.of(-1, 12), false), f(-1, 12), f(-1, 3, 4)),
                of(new Reshape(Ints.of(-1, 4, 3, 1), false), f(-1, 4, 3, 1), f(-1, 3, 4)),
                of(new Transpose(Ints.of(0, 2, 1)), f(-1, 4, 3), f(-1, 3, 4)),
                of(new Transpose(none), f(4, 3, -1), f(-1, 3, 4)),
                of(new Squeeze(Ints.of(-1, 1)), f(-1, 4), f(-1, 1, 4, 1)),
                of(new Squeeze(none), f(3, 4), f(1, 3, 1, 4)),
                of(new Unsqueeze(Ints.of(1, -1)), f(-1, 1, 3, 4, 1), f(-1, 3, 4)),
                of(new Pad(Ints.of(0, 1, 2, 0, 0, 1), 0.5f, none), f(-1, 4, 7), f(-1, 3, 4)),
                of(new Pad(Ints.of(1, -1), 0, Ints.of(-1)), f(-1, 3, 4), f(-1, 3, 4)),
                of(new ReduceMean(Ints.of(2, -2), true, false), f(-1, 1, 1), f(-1, 3, 4)),
                of(new ReduceMean(Ints.of(1), false, false), f(-1, 4), f(-1, 3, 4)),
                of(new ReduceMean(none, false, false), f(), f(3, 4)),
                of(new ReduceMean(none, true, true), f(-1, 3, 4), f(-1, 3, 4)),
                of(new Constant(TensorValue.of(new float[] {1, 2}, 2)), f(2)));
    }

    private static Stream<OpCase> moves() {
        Ints none = Ints.NONE;
        Ints one = Ints.of(1);
        return Stream.of(
                of(new Split(1, none, 1), f(-1, 3, 4), f(-1, 3, 4)),
                of(Slice.of(1, 1, 3), f(-1, 2, 4), f(-1, 3, 4)),
                of(Slice.of(-1, -3, Long.MAX_VALUE), f(-1, 3, 3), f(-1, 3, 4)),
                of(new Slice(Ints.of(0, 1), Ints.of(Long.MAX_VALUE, 9), none, none), f(-1, 2, 4), f(-1, 3, 4)),
                of(new Slice(Ints.of(1, 0), Ints.of(6, 5), Ints.of(2, 1), Ints.of(2, 3)), f(-1, 2, 3), f(-1, 5, 7)),
                of(new Slice(Ints.of(-1), Ints.of(Long.MIN_VALUE), one, Ints.of(-2)), f(-1, 3, 2), f(-1, 5, 2)),
                of(new Pad(Ints.of(2, 1), 0, Ints.of(2), "reflect"), f(-1, 2, 7), f(-1, 2, 4)),
                of(new Pad(Ints.of(2, 3), 0, Ints.of(-1), "edge"), f(-1, 2, 7), f(-1, 2, 2)),
                of(new Pad(Ints.of(0, 1, -1, 0, 0, 2), 0, none, "wrap"), f(-1, 3, 5), f(-1, 2, 4)),
                of(new Expand(Ints.of(2, 1, 3)), f(2, 4, 3), f(1, 4, 1)),
                of(new Expand(Ints.of(2, 3, 1)), f(2, 3, 4), f(4)),
                of(new Tile(Ints.of(1, 2, 3)), f(-1, 6, 6), f(-1, 3, 2)),
                of(new DepthToSpace(2, "DCR"), f(-1, 2, 4, 6), f(-1, 8, 2, 3)),
                of(new DepthToSpace(2, "CRD"), f(-1, 2, 4, 6), f(-1, 8, 2, 3)),
                of(new SpaceToDepth(2), f(-1, 8, 2, 3), f(-1, 2, 4, 6)),
                of(new Trilu(true, 1), f(-1, 3, 4), f(-1, 3, 4)),
                of(new Trilu(false, -1), f(-1, 3, 4), f(-1, 3, 4)));
    }

    private static Stream<OpCase> resizes() {
        Interpolation cubic = new Interpolation("cubic", "half_pixel", "round_prefer_floor", -0.75f, true);
        return Stream.of(
                of(Resize.byScale(2, Interpolation.NEAREST), f(-1, 2, 4, 6), f(-1, 2, 2, 3)),
                of(Resize.byScale(1.5f, Interpolation.LINEAR), f(-1, 2, 4, 4), f(-1, 2, 3, 3)),
                of(new Resize(Ints.of(2, 3), Floats.NONE, Ints.of(5, 2), cubic), f(-1, 1, 5, 2), f(-1, 1, 4, 4)),
                of(
                        new Resize(Ints.of(-2, -1), Floats.NONE, Ints.of(2, 6), Interpolation.LINEAR),
                        f(-1, 2, 6),
                        f(-1, 2, 4)));
    }

    /** The input types with the batch set. */
    List<TensorType> inputs(long batch) {
        return in.stream().map(t -> t.isAbsent() ? t : withBatch(t, batch)).toList();
    }

    static TensorType withBatch(TensorType type, long batch) {
        return type.forSamples(batch);
    }

    @Override
    public String toString() {
        return op + " " + in;
    }
}
