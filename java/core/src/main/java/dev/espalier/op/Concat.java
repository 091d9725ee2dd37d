package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The inputs one after the other along one axis. */
public record Concat(long axis) implements Op {
    static Concat of(Attributes a) {
        if (!a.only("axis").has("axis")) {
            throw new UnsupportedOperatorException("Concat: attribute 'axis' is missing");
        }
        return new Concat(a.integer("axis", 0));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("axis", axis).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, Integer.MAX_VALUE);
        inputs.sameType();
        long[] out = inputs.shape(0).toArray();
        int along = inputs.axis(axis, out.length);
        known(inputs, 0, along);
        for (int i = 1; i < in.size(); i++) {
            inputs.require(inputs.has(i), "input " + i + " is missing");
            long[] more = inputs.shape(i).toArray();
            inputs.require(
                    more.length == out.length,
                    "input " + i + " must have rank " + out.length + ", got " + inputs.shape(i));
            for (int d = 0; d < out.length; d++) {
                inputs.require(
                        d == along || more[d] == out[d],
                        "dimension " + d + " of input " + i + " must be " + out[d] + " as in input 0, got "
                                + inputs.shape(i));
            }
            known(inputs, i, along);
            out[along] += more[along];
        }
        return List.of(in.get(0).withShape(out));
    }

    private static void known(Inputs inputs, int index, int along) {
        inputs.require(
                inputs.shape(index).dim(along) >= 0,
                "dimension " + along + " of input " + index + " must be known: samples stay apart, got shape "
                        + inputs.shape(index));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        List<Tensor> parts = new ArrayList<>();
        for (Tensor t : in) {
            parts.add(Inputs.present(t));
        }
        return List.of(Tensor.cat(parts, (int) axis));
    }

    /** Along the axis the channels stand one after the other; on all other axes they are paired. */
    @Override
    public void trace(ChannelTrace trace) {
        int rank = trace.outputType(0).rank();
        int along = Inputs.of(this, List.of(trace.outputType(0)), 1, 1).axis(axis, rank);
        ChannelIds out = ChannelIds.fixed(rank);
        for (int d = 0; d < rank; d++) {
            out = out.with(d, d == along ? joined(trace, along) : paired(trace, d));
        }
        trace.output(0, out);
        if (IntStream.range(0, trace.inputs()).allMatch(trace::vanishes)) {
            trace.vanishing(0);
        }
    }

    /** Inputs without channels get ids of their own, which stay. */
    private static int[] joined(ChannelTrace trace, int along) {
        boolean carried =
                IntStream.range(0, trace.inputs()).anyMatch(i -> !trace.ids(i).isFixed(along));
        int[] out = new int[carried ? (int) trace.outputType(0).dim(along) : 0];
        int at = 0;
        for (int input = 0; carried && input < trace.inputs(); input++) {
            int[] ids = trace.ids(input).at(along);
            if (ids.length == 0) {
                ids = trace.fresh((int) trace.type(input).dim(along));
                trace.freeze(ids, "appends channels that are fixed");
            }
            System.arraycopy(ids, 0, out, at, ids.length);
            at += ids.length;
        }
        return out;
    }

    private static int[] paired(ChannelTrace trace, int axis) {
        boolean fixed = false;
        int[] first = trace.ids(0).at(axis);
        for (int input = 1; input < trace.inputs(); input++) {
            int[] ids = trace.ids(input).at(axis);
            fixed |= ids.length == 0 || first.length == 0;
            trace.tie(first, ids, "joins them with an input that cannot lose channels on axis " + axis);
        }
        return fixed ? new int[0] : first;
    }
}
