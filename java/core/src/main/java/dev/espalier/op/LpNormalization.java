package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Elements divided by the p-norm of all along one axis, p being 1 or 2; where all are zero they stay zero. */
public record LpNormalization(long axis, long p) implements Op {
    public LpNormalization {
        if (p != 1 && p != 2) {
            throw new UnsupportedOperatorException("LpNormalization: p must be 1 or 2, got " + p);
        }
    }

    static LpNormalization of(Attributes a) {
        a.only("axis", "p");
        return new LpNormalization(a.integer("axis", -1), a.integer("p", 2));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("axis", axis).with("p", p).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        inputs.floating();
        int along = inputs.axis(axis, in.get(0).rank());
        inputs.require(in.get(0).dim(along) >= 0, "axis " + along + " is the open batch, whose samples stay apart");
        return List.of(in.get(0));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int along = (int) (axis < 0 ? axis + x.rank() : axis);
        Tensor norm =
                p == 1 ? x.abs().sum(true, along) : x.square().sum(true, along).sqrt();
        return List.of(x.div(norm.add(norm.eq(0).to(x.dtype()))));
    }

    /** What vanishes adds nothing to the norm of the channels that stay. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        int along = (int) (axis < 0 ? axis + in.rank() : axis);
        if (trace.vanishes(0)) {
            trace.vanishing(0);
        } else {
            trace.freeze(in.at(along), "divides by a norm of the channels of axis " + along);
        }
        trace.output(0, in);
    }
}
