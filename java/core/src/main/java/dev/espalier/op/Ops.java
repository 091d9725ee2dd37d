package dev.espalier.op;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** The register of operators: makes each from its ONNX name and attributes. */
public final class Ops {
    /**
     * One operator: how it is made, and which attributes hold the constants that ONNX passes as inputs, in order from input 1 on.
     */
    private record Entry(Function<Attributes, Op> make, List<String> constants) {}

    private static final SortedMap<String, Entry> ENTRIES = new TreeMap<>();

    static {
        plain(new Add(), new Sub(), new Mul(), new Div(), new MatMul());
        plain(new Relu(), new Sigmoid(), new Tanh(), new HardSwish(), new Identity());
        plain(new GlobalAveragePool(), new GlobalMaxPool());
        plain(Pointwise.all());
        plain(Comparison.all());
        plain(Variadic.all());
        plain(new Pow(), new PRelu(), new Where(), new Not());
        for (Reduction.Kind kind : Reduction.Kind.values()) {
            entry(kind.type(), a -> Reduction.of(kind, a), "axes");
        }
        entry("ArgMax", a -> ArgExtreme.of(true, a));
        entry("ArgMin", a -> ArgExtreme.of(false, a));
        entry("Cast", Cast::of);
        entry("CumSum", CumSum::of, "axis");
        entry("GRU", GRU::of);
        entry("Gather", Gather::of, "indices");
        entry("GatherElements", GatherElements::of);
        entry("GatherND", GatherND::of);
        entry("IsInf", NumberTest::infinite);
        entry("IsNaN", NumberTest::none);
        entry("LSTM", LSTM::of);
        entry("LpNormalization", LpNormalization::of);
        entry("Mod", Mod::of);
        entry("RNN", RNN::of);
        entry("Celu", Celu::of);
        entry("GroupNormalization", GroupNormalization::of);
        entry("InstanceNormalization", InstanceNormalization::of);
        entry("LRN", LRN::of);
        entry("Selu", Selu::of);
        entry("ThresholdedRelu", ThresholdedRelu::of);
        entry("AveragePool", AveragePool::of);
        entry("BatchNormalization", BatchNormalization::of);
        entry("Clip", Clip::of, "min", "max");
        entry("Concat", Concat::of);
        entry("Constant", Constant::of);
        entry("Conv", Conv::of);
        entry("ConvTranspose", ConvTranspose::of);
        entry("DepthToSpace", DepthToSpace::of);
        entry("Dropout", Dropout::of, "ratio", "training_mode");
        entry("Einsum", Einsum::of);
        entry("Elu", Elu::of);
        entry("Expand", Expand::of, "shape");
        entry("Flatten", Flatten::of);
        entry("Gelu", Gelu::of);
        entry("Gemm", Gemm::of);
        entry("HardSigmoid", HardSigmoid::of);
        entry("LayerNormalization", LayerNormalization::of);
        entry("LeakyRelu", LeakyRelu::of);
        entry("LogSoftmax", LogSoftmax::of);
        entry("MaxPool", MaxPool::of);
        entry("Pad", Pad::of, "pads", "value", "axes");
        entry("ReduceMean", ReduceMean::of, "axes");
        entry("Reshape", Reshape::of, "shape");
        entry("Resize", Resize::of, "roi", "scales", "sizes");
        entry("Slice", Slice::of, "starts", "ends", "axes", "steps");
        entry("Softmax", Softmax::of);
        entry("SpaceToDepth", SpaceToDepth::of);
        entry("Split", Split::of, "split");
        entry("Squeeze", Squeeze::of, "axes");
        entry("Tile", Tile::of, "repeats");
        entry("TopK", TopK::of, "K");
        entry("Transpose", Transpose::of);
        entry("Trilu", Trilu::of, "k");
        entry("Unsqueeze", Unsqueeze::of, "axes");
    }

    private Ops() {}

    private static void entry(String type, Function<Attributes, Op> make, String... constants) {
        ENTRIES.put(type, new Entry(make, List.of(constants)));
    }

    private static void plain(Op... ops) {
        for (Op op : ops) {
            entry(op.type(), attributes -> {
                attributes.only();
                return op;
            });
        }
    }

    /** ONNX names of all operators, sorted. */
    public static Set<String> types() {
        return Collections.unmodifiableSet(ENTRIES.keySet());
    }

    /**
     * Names of the attributes that stand for inputs 1, 2, … of the ONNX operator, for those operators whose further inputs must be
     * constants. A reader passes these inputs to {@link #create} as attributes and drops them from the node; a writer does the reverse.
     */
    public static List<String> constantInputs(String type) {
        Entry entry = ENTRIES.get(type);
        return entry == null ? List.of() : entry.constants();
    }

    /** The operator with these attributes; absent ones take ONNX's defaults, unknown names or values are refused. */
    public static Op create(String type, Map<String, Attribute> attributes) {
        Entry entry = ENTRIES.get(type);
        if (entry == null) {
            throw new UnsupportedOperatorException("operator '" + type
                    + "' is not supported; simplify the model so that it is folded away, or replace it by supported operators"
                    + " (docs/operators.md)");
        }
        return entry.make().apply(new Attributes(type, attributes));
    }

    /** As {@link #create(String, Map)}, with refusals naming the node. */
    public static Op create(String type, String node, Map<String, Attribute> attributes) {
        try {
            return create(type, attributes);
        } catch (UnsupportedOperatorException e) {
            throw e.at(node);
        }
    }
}
