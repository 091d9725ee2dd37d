package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A border: {@code pads} holds the widths of all beginnings, then of all ends; negative widths cut.
 *
 * <p>The border holds {@code value} in mode constant; it repeats the outermost element in mode edge, mirrors the inside without its
 * outermost element in mode reflect, and continues from the other side in mode wrap.
 */
public record Pad(Ints pads, float value, Ints axes, String mode) implements Op {
    private static final String CONSTANT = "constant";

    /** A border of one value. */
    public Pad(Ints pads, float value, Ints axes) {
        this(pads, value, axes, CONSTANT);
    }

    static Pad of(Attributes a) {
        a.only("pads", "value", "axes", "mode");
        if (!a.has("pads")) {
            throw new UnsupportedOperatorException("Pad: pads must be a constant");
        }
        String mode = a.oneOf("mode", CONSTANT, "reflect", "edge", "wrap");
        return new Pad(a.ints("pads"), mode.equals(CONSTANT) ? a.real("value", 0) : 0, a.ints("axes"), mode);
    }

    @Override
    public Map<String, Attribute> attributes() {
        Attributes a = Attributes.none().with("pads", pads).with("axes", axes);
        return (mode.equals(CONSTANT) ? a.with("value", value) : a.with("mode", mode)).asMap();
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
            long more = Math.addExact(all[i], all[rank + i]);
            inputs.require(out[i] >= 0 || (all[i] == 0 && all[rank + i] == 0), "the open batch cannot be padded");
            out[i] += more;
            inputs.require(more == 0 || out[i] >= 0, "axis " + i + " would have size " + out[i]);
            inputs.require(
                    Math.max(all[i], all[rank + i]) <= widest(out[i] - more),
                    "a border of mode " + mode + " on axis " + i + " is wider than its size " + (out[i] - more)
                            + " allows, got " + pads);
        }
        return List.of(in.get(0).withShape(out));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        long[] all = allAxes(x.rank());
        if (mode.equals(CONSTANT)) {
            return List.of(Nn.pad(x, all, value));
        }
        for (int axis = 0; axis < x.rank(); axis++) {
            long before = all[axis];
            long after = all[x.rank() + axis];
            if (before != 0 || after != 0) {
                long[] from = sources(x.size(axis), before, after);
                x = x.indexSelect(axis, Tensor.of(from, from.length).to(x.device()));
            }
        }
        return List.of(x);
    }

    /** The widest border that an axis of this size can fill. */
    private long widest(long size) {
        return switch (mode) {
            case "reflect" -> Math.max(size - 1, 0);
            case "wrap" -> Math.max(size, 0);
            case "edge" -> size > 0 ? Long.MAX_VALUE : 0;
            default -> Long.MAX_VALUE;
        };
    }

    /** For every index along the padded axis the index that it copies. */
    private long[] sources(long size, long before, long after) {
        return LongStream.range(-before, size + after)
                .map(at -> switch (mode) {
                    case "reflect" -> at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at;
                    case "wrap" -> Math.floorMod(at, size);
                    default -> Math.max(0, Math.min(size - 1, at));
                })
                .toArray();
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

    /**
     * A constant border of an axis that carries channels adds channels, which may be removed when they are paired with others that
     * are; a negative width takes channels away. Other borders are made from the channels beside them, which must stay.
     */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        long[] all = allAxes(in.rank());
        ChannelIds out = ChannelIds.fixed(in.rank());
        for (int axis = 0; axis < in.rank(); axis++) {
            long before = all[axis];
            long after = all[in.rank() + axis];
            if (in.isFixed(axis)) {
                continue;
            }
            if (!mode.equals(CONSTANT) && (before != 0 || after != 0)) {
                trace.freeze(in.at(axis), "continues channels of axis " + axis + " in mode " + mode);
                continue;
            }
            int[] ids = in.at(axis);
            int from = (int) Math.max(-before, 0);
            int to = ids.length - (int) Math.max(-after, 0);
            out = out.with(
                    axis,
                    Stream.of(
                                    trace.fresh((int) Math.max(before, 0)),
                                    Arrays.copyOfRange(ids, Math.min(from, to), to),
                                    trace.fresh((int) Math.max(after, 0)))
                            .flatMapToInt(IntStream::of)
                            .toArray());
        }
        trace.output(0, out);
        if (value == 0 && trace.vanishes(0)) {
            trace.vanishing(0);
        }
    }

    /** The border loses the channels that were added and are removed, and takes fewer away where those are gone already. */
    @Override
    public Op cut(ChannelCut cut) {
        int listed = pads.size() / 2;
        long[] left = pads.toArray();
        for (int i = 0; i < listed; i++) {
            int axis = axes.isEmpty() ? i : Math.toIntExact(axes.get(i));
            boolean[] in = cut.keptInput(0, axis);
            boolean[] out = cut.keptOutput(0, axis);
            if (in.length > 0 && out.length > 0) {
                left[i] = width(left[i], in, out, false);
                left[listed + i] = width(left[listed + i], in, out, true);
            }
        }
        return new Pad(Ints.of(left), value, axes, mode);
    }

    private static long width(long width, boolean[] in, boolean[] out, boolean atEnd) {
        boolean[] of = width < 0 ? in : out;
        int size = (int) Math.abs(width);
        int kept = atEnd ? ChannelCut.count(of, of.length - size, of.length) : ChannelCut.count(of, 0, size);
        return width < 0 ? -kept : kept;
    }
}
