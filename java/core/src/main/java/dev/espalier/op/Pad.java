package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A constant border: {@code pads} holds the widths of all beginnings, then of all ends; negative widths cut. */
public record Pad(Ints pads, float value, Ints axes) implements Op {
    static Pad of(Attributes a) {
        a.only("pads", "value", "axes", "mode").mustBe("mode", "constant");
        if (!a.has("pads")) {
            throw new UnsupportedOperatorException("Pad: pads must be a constant");
        }
        return new Pad(a.ints("pads"), a.real("value", 0), a.ints("axes"));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("pads", pads)
                .with("value", value)
                .with("axes", axes)
                .asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        int rank = in.get(0).rank();
        int listed = axes.isEmpty() ? rank : axes.size();
        inputs.require(pads.size() == 2 * listed, "pads must hold " + 2 * listed + " widths, got " + pads);
        axes.values().forEach(axis -> inputs.axis(axis, rank));
        long[] out = inputs.shape(0).toArray();
        long[] all = allAxes(rank);
        for (int i = 0; i < rank; i++) {
            long more = all[i] + all[rank + i];
            inputs.require(out[i] >= 0 || (all[i] == 0 && all[rank + i] == 0), "the open batch cannot be padded");
            out[i] += more;
            inputs.require(more == 0 || out[i] >= 0, "axis " + i + " would have size " + out[i]);
        }
        return List.of(in.get(0).withShape(out));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        return List.of(Nn.pad(x, allAxes(x.rank()), value));
    }

    /** Widths for every axis, in the order of the attribute. */
    private long[] allAxes(int rank) {
        if (axes.isEmpty()) {
            return pads.toArray();
        }
        long[] all = new long[2 * rank];
        for (int i = 0; i < axes.size(); i++) {
            int axis = (int) (axes.get(i) < 0 ? axes.get(i) + rank : axes.get(i));
            all[axis] = pads.get(i);
            all[rank + axis] = pads.get(axes.size() + i);
        }
        return all;
    }

    /** Padding of an axis that carries channels adds channels, which may be removed when they are paired with others that are. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        long[] all = allAxes(in.rank());
        ChannelIds out = ChannelIds.fixed(in.rank());
        for (int axis = 0; axis < in.rank(); axis++) {
            long before = all[axis];
            long after = all[in.rank() + axis];
            if (before < 0 || after < 0) {
                trace.freeze(in.at(axis), "cuts off channels of axis " + axis);
            } else if (!in.isFixed(axis)) {
                out = out.with(
                        axis,
                        Stream.of(trace.fresh((int) before), in.at(axis), trace.fresh((int) after))
                                .flatMapToInt(IntStream::of)
                                .toArray());
            }
        }
        trace.output(0, out);
        if (value == 0 && trace.vanishes(0)) {
            trace.vanishing(0);
        }
    }

    /** The border loses the channels that were added and are removed. */
    @Override
    public Op cut(ChannelCut cut) {
        int listed = pads.size() / 2;
        long[] left = pads.toArray();
        for (int i = 0; i < listed; i++) {
            int axis = axes.isEmpty() ? i : Math.toIntExact(axes.get(i));
            boolean[] kept = cut.keptOutput(0, axis);
            if (left[i] >= 0 && left[listed + i] >= 0 && kept.length > 0) {
                left[listed + i] = ChannelCut.count(kept, kept.length - (int) left[listed + i], kept.length);
                left[i] = ChannelCut.count(kept, 0, (int) left[i]);
            }
        }
        return new Pad(Ints.of(left), value, axes);
    }
}
