package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;

/** Logarithm of the exponentials scaled to sum 1 along one axis. */
public record LogSoftmax(long axis) implements Unary {
    static LogSoftmax of(Attributes a) {
        return new LogSoftmax(a.only("axis").integer("axis", -1));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("axis", axis).asMap();
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
    public Tensor apply(Evaluation context, Tensor x) {
        return x.logSoftmax((int) axis);
    }

    /** Every output depends on all channels of the axis. */
    @Override
    public void trace(ChannelTrace trace) {
        int along = Inputs.of(this, List.of(trace.type(0)), 1, 1)
                .axis(axis, trace.type(0).rank());
        trace.freeze(trace.ids(0).at(along), "mixes the channels of axis " + along);
        trace.output(0, trace.ids(0));
    }
}
