package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One number from all elements along the listed axes, or along all: ONNX has an operator for each kind. */
public record Reduction(Kind kind, Ints axes, boolean keepDims, boolean noopWhenEmpty) implements Op {
    /** How the numbers become one, each kind named as its operator. */
    public enum Kind {
        SUM("ReduceSum", true),
        MAX("ReduceMax", false),
        MIN("ReduceMin", false),
        PROD("ReduceProd", false),
        L1("ReduceL1", true),
        L2("ReduceL2", true),
        LOG_SUM("ReduceLogSum", true),
        LOG_SUM_EXP("ReduceLogSumExp", false),
        SUM_SQUARE("ReduceSumSquare", true);

        private final String type;
        /** Whether elements that are zero do not count. */
        private final boolean additive;

        Kind(String type, boolean additive) {
            this.type = type;
            this.additive = additive;
        }

        /** The ONNX operator name. */
        public String type() {
            return type;
        }
    }

    static Reduction of(Kind kind, Attributes a) {
        a.only("axes", "keepdims", "noop_with_empty_axes");
        return new Reduction(kind, a.ints("axes"), a.flag("keepdims", true), a.flag("noop_with_empty_axes", false));
    }

    @Override
    public String type() {
        return kind.type;
    }

    private ReduceMean axisRule() {
        return new ReduceMean(axes, keepDims, noopWhenEmpty);
    }

    @Override
    public Map<String, Attribute> attributes() {
        return axisRule().attributes();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return axisRule().infer(this, in);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int[] dims =
                axisRule().reduced(x.rank()).stream().mapToInt(i -> i).sorted().toArray();
        if (axes.isEmpty() && noopWhenEmpty) {
            return List.of(x);
        }
        Tensor y = dims.length == 0 ? reduce(x.unsqueeze(0), false, 0) : reduce(x, keepDims, dims);
        return List.of(y.to(x.dtype()));
    }

    private Tensor reduce(Tensor x, boolean keep, int... dims) {
        return switch (kind) {
            case SUM -> x.sum(keep, dims);
            case MAX -> x.amax(keep, dims);
            case MIN -> x.amin(keep, dims);
            case PROD -> product(x, keep, dims);
            case L1 -> x.abs().sum(keep, dims);
            case L2 -> x.square().sum(keep, dims).sqrt();
            case LOG_SUM -> x.sum(keep, dims).log();
            case LOG_SUM_EXP -> x.logSumExp(keep, dims);
            case SUM_SQUARE -> x.square().sum(keep, dims);
        };
    }

    private static Tensor product(Tensor x, boolean keep, int[] dims) {
        Tensor y = x;
        for (int i = dims.length - 1; i >= 0; i--) {
            y = y.prod(keep, dims[i]);
        }
        return y;
    }

    /** Sums lose nothing with channels that vanish; extremes and products need every channel. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        List<Integer> reduced = axisRule().reduced(in.rank());
        boolean sound = kind.additive && trace.vanishes(0);
        for (int axis : reduced) {
            if (!sound) {
                trace.freeze(in.at(axis), "mixes the channels of axis " + axis);
            }
        }
        trace.output(0, axisRule().left(in, trace.outputType(0).rank()));
        if (kind != Kind.LOG_SUM && kind != Kind.LOG_SUM_EXP && trace.vanishes(0)) {
            trace.vanishing(0);
        }
    }
}
