package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The {@code count} greatest or smallest elements along one axis, best first and of equals the earlier, and their positions. */
public record TopK(Ints count, long axis, boolean greatest) implements Op {
    /** Where no order is asked for, this one does. */
    static TopK of(Attributes a) {
        if (!a.only("K", "axis", "largest", "sorted").has("K")) {
            throw new UnsupportedOperatorException("TopK: K must be a constant");
        }
        return new TopK(a.ints("K"), a.integer("axis", -1), a.flag("largest", true));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("K", count)
                .with("axis", axis)
                .with("largest", greatest ? 1 : 0)
                .asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        long[] out = inputs.shape(0).toArray();
        int along = inputs.axis(axis, out.length);
        inputs.require(out[along] >= 0, "axis " + along + " is the open batch, whose samples stay apart");
        inputs.require(
                count.size() == 1 && count.get(0) >= 0 && count.get(0) <= out[along],
                "K must be one number up to " + out[along] + ", got " + count);
        out[along] = count.get(0);
        TensorType values = in.get(0).withShape(out);
        return List.of(values, new TensorType(DType.I64, values.shape()));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        return Inputs.present(in.get(0)).topK(count.get(0), (int) axis, greatest);
    }

    /** What comes out on top depends on all channels of the axis. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        int along = (int) (axis < 0 ? axis + in.rank() : axis);
        trace.freeze(in.at(along), "orders the channels of axis " + along);
        ChannelIds out = in.without(along);
        trace.output(0, out);
        if (trace.outputs() > 1) {
            trace.output(1, out);
        }
        ChannelRules.passVanishing(trace);
    }
}
