package dev.espalier.op;

import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The listed axes (without a list, all) resampled to other sizes, which are given themselves or as multiples of the old ones. */
public record Resize(Ints axes, Floats scales, Ints sizes, Interpolation interpolation) implements Op {
    private static final long LARGEST = 1L << 24;

    public Resize {
        if (scales.isEmpty() == sizes.isEmpty()) {
            throw new IllegalArgumentException(
                    "Resize: either scales or sizes must be given, got " + scales + " and " + sizes);
        }
    }

    static Resize of(Attributes a) {
        a.only(
                "roi",
                "scales",
                "sizes",
                "axes",
                "mode",
                "coordinate_transformation_mode",
                "nearest_mode",
                "cubic_coeff_a",
                "exclude_outside",
                "extrapolation_value",
                "antialias",
                "keep_aspect_ratio_policy");
        a.mustBe("antialias", 0).mustBe("keep_aspect_ratio_policy", "stretch");
        Ints sizes = a.ints("sizes");
        // Older sets fill the place of the scales with an empty or meaningless list where sizes are given.
        Floats scales = sizes.isEmpty() ? a.floats("scales") : Floats.NONE;
        if (scales.isEmpty() && sizes.isEmpty()) {
            throw new UnsupportedOperatorException("Resize: scales or sizes must be constants");
        }
        return new Resize(a.ints("axes"), scales, sizes, Interpolation.of(a));
    }

    /** Height and width of images multiplied. */
    public static Resize byScale(float scale, Interpolation interpolation) {
        return new Resize(Ints.NONE, Floats.of(1, 1, scale, scale), Ints.NONE, interpolation);
    }

    @Override
    public Map<String, Attribute> attributes() {
        return interpolation
                .addTo(Attributes.none()
                        .with("axes", axes)
                        .with("scales", scales)
                        .with("sizes", sizes))
                .asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        inputs.floating();
        int rank = in.get(0).rank();
        int listed = scales.isEmpty() ? sizes.size() : scales.size();
        inputs.require(
                listed == (axes.isEmpty() ? rank : axes.size()),
                "scales or sizes must hold one number per axis of " + inputs.shape(0) + " or per listed axis, got "
                        + scales + sizes);
        Set<Integer> seen = new HashSet<>();
        axes.values().forEach(axis -> inputs.require(seen.add(inputs.axis(axis, rank)), "axes must differ"));
        long[] out = inputs.shape(0).toArray();
        for (int i = 0; i < listed; i++) {
            int axis = axis(i, rank);
            if (out[axis] < 0) {
                inputs.require(
                        !scales.isEmpty() && scales.get(i) == 1,
                        "the open batch cannot be resized; list the axes that have sizes");
                continue;
            }
            long size = size(i, out[axis]);
            inputs.require(
                    size >= 1 && size <= LARGEST && out[axis] >= 1,
                    "axis " + axis + " of " + inputs.shape(0) + " cannot be resized to " + size);
            out[axis] = size;
        }
        return List.of(in.get(0).withShape(out));
    }

    private int axis(int i, int rank) {
        long axis = axes.isEmpty() ? i : axes.get(i);
        return (int) (axis < 0 ? axis + rank : axis);
    }

    private long size(int i, long old) {
        return sizes.isEmpty() ? (long) (old * scales.get(i)) : sizes.get(i);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int listed = Math.max(scales.size(), sizes.size());
        for (int i = 0; i < listed; i++) {
            int axis = axis(i, x.rank());
            int old = (int) x.size(axis);
            if (sizes.isEmpty() ? scales.get(i) == 1 : sizes.get(i) == old) {
                continue;
            }
            int size = (int) size(i, old);
            float scale = sizes.isEmpty() ? scales.get(i) : (float) size / old;
            x = Resampling.of(interpolation, old, size, scale).apply(x, axis);
        }
        return List.of(x);
    }

    /** Axes that keep their size keep their channels; an axis that is resampled mixes them. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds out = trace.ids(0);
        for (int i = 0; i < Math.max(scales.size(), sizes.size()); i++) {
            int axis = axis(i, out.rank());
            boolean whole = sizes.isEmpty()
                    ? scales.get(i) == 1
                    : sizes.get(i) == trace.type(0).dim(axis);
            if (!whole && !out.isFixed(axis)) {
                trace.freeze(out.at(axis), "resamples the channels of axis " + axis);
                out = out.without(axis);
            }
        }
        trace.output(0, out);
        ChannelRules.passVanishing(trace);
    }

    /** Sizes of axes that only keep theirs follow the removal. */
    @Override
    public Op cut(ChannelCut cut) {
        long[] left = sizes.toArray();
        for (int i = 0; i < left.length; i++) {
            boolean[] kept = cut.keptOutput(0, (int) (axes.isEmpty() ? i : axes.get(i)));
            left[i] = ChannelCut.count(kept);
        }
        return new Resize(axes, scales, Ints.of(left), interpolation);
    }
}
