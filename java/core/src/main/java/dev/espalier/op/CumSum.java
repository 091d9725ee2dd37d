package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sum of each element along one axis and of all before it, or without it ({@code exclusive}), or from the other end ({@code reverse}).
 */
public record CumSum(long axis, boolean exclusive, boolean reverse) implements Op {
    static CumSum of(Attributes a) {
        if (!a.only("axis", "exclusive", "reverse").has("axis")) {
            throw new UnsupportedOperatorException("CumSum: the axis must be a constant");
        }
        return new CumSum(a.integer("axis", 0), a.flag("exclusive", false), a.flag("reverse", false));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("axis", axis)
                .with("exclusive", exclusive ? 1 : 0)
                .with("reverse", reverse ? 1 : 0)
                .asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        int along = inputs.axis(axis, in.get(0).rank());
        inputs.require(in.get(0).dtype() != DType.BOOL, "input 0 must hold numbers, got " + in.get(0));
        inputs.require(in.get(0).dim(along) >= 0, "axis " + along + " is the open batch, whose samples stay apart");
        return List.of(in.get(0));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int along = (int) (axis < 0 ? axis + x.rank() : axis);
        if (x.size(along) == 0) {
            return List.of(x);
        }
        Tensor forward = reverse ? x.flip(along) : x;
        Tensor sums = forward.cumulativeSum(along).to(x.dtype());
        if (exclusive) {
            long[] border = x.shape().toArray();
            border[along] = 1;
            Tensor before = sums.narrow(along, 0, x.size(along) - 1);
            sums = Tensor.cat(List.of(Tensor.zeros(x.dtype(), x.device(), border), before), along);
        }
        return List.of(reverse ? sums.flip(along) : sums);
    }

    /** What vanishes adds nothing to the sums of the channels that stay. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        int along = (int) (axis < 0 ? axis + in.rank() : axis);
        boolean sound = trace.vanishes(0);
        if (!sound) {
            trace.freeze(in.at(along), "adds up the channels of axis " + along);
        }
        trace.output(0, in);
        if (sound && in.isFixed(along)) {
            trace.vanishing(0);
        }
    }
}
