package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The input cut along one axis into pieces of the listed sizes, or into {@code outputs} pieces of equal size of which the last may be
 * smaller.
 */
public record Split(long axis, Ints sizes, long outputs) implements Op {
    /** Pieces without which no file is: a bound on what a hostile one can ask for. */
    private static final int MOST = 1 << 16;

    public Split {
        if (sizes.isEmpty() ? outputs < 1 || outputs > MOST : outputs != sizes.size()) {
            throw new IllegalArgumentException("Split: num_outputs must lie in [1, " + MOST
                    + "] and agree with split, got " + outputs + " and split " + sizes);
        }
    }

    /** Pieces of these sizes. */
    public static Split of(long axis, long... sizes) {
        return new Split(axis, Ints.of(sizes), sizes.length);
    }

    /** Equal pieces. */
    public static Split evenly(long axis, long outputs) {
        return new Split(axis, Ints.NONE, outputs);
    }

    static Split of(Attributes a) {
        a.only("axis", "split", "num_outputs");
        Ints sizes = a.ints("split");
        if (sizes.isEmpty() && !a.has("num_outputs")) {
            throw new UnsupportedOperatorException("Split: needs split or num_outputs");
        }
        return new Split(a.integer("axis", 0), sizes, a.integer("num_outputs", sizes.size()));
    }

    /** ONNX forbids to give both the sizes and the number of outputs. */
    @Override
    public Map<String, Attribute> attributes() {
        Attributes a = Attributes.none().with("axis", axis).with("split", sizes);
        return (sizes.isEmpty() ? a.with("num_outputs", outputs) : a).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        int along = inputs.axis(axis, in.get(0).rank());
        long whole = in.get(0).dim(along);
        inputs.require(whole >= 0, "the open batch cannot be split");
        long[] lengths = lengths(whole);
        inputs.require(
                Arrays.stream(lengths).allMatch(n -> n >= 0 && n <= whole)
                        && Arrays.stream(lengths).sum() == whole,
                "axis " + along + " of " + inputs.shape(0) + " cannot be cut into "
                        + (sizes.isEmpty() ? outputs + " pieces" : "pieces of " + sizes));
        List<TensorType> out = new ArrayList<>();
        for (long length : lengths) {
            long[] dims = inputs.shape(0).toArray();
            dims[along] = length;
            out.add(in.get(0).withShape(dims));
        }
        return out;
    }

    private long[] lengths(long whole) {
        if (!sizes.isEmpty()) {
            return sizes.toArray();
        }
        long[] equal = new long[(int) outputs];
        long size = (whole + outputs - 1) / outputs;
        Arrays.fill(equal, size);
        equal[equal.length - 1] = whole - size * (outputs - 1);
        return equal;
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int along = (int) (axis < 0 ? axis + x.rank() : axis);
        List<Tensor> out = new ArrayList<>();
        long start = 0;
        for (long length : lengths(x.size(along))) {
            out.add(x.narrow(along, start, length));
            start += length;
        }
        return out;
    }

    /** Each piece takes its stretch of the ids; on all other axes the pieces and the input lose the same. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        int along = (int) (axis < 0 ? axis + in.rank() : axis);
        int[] whole = in.at(along);
        int start = 0;
        for (int i = 0; i < outputs; i++) {
            int length = (int) trace.outputType(i).dim(along);
            int[] piece = whole.length == 0 ? whole : Arrays.copyOfRange(whole, start, start + length);
            if (length == 1) {
                trace.freeze(piece, "takes this one channel");
            }
            trace.output(i, in.with(along, piece));
            if (trace.vanishes(0)) {
                trace.vanishing(i);
            }
            start += length;
        }
    }

    /** The pieces get the sizes that are left, which need not be equal any more. */
    @Override
    public Op cut(ChannelCut cut) {
        long[] left = new long[(int) outputs];
        boolean same = true;
        for (int i = 0; i < left.length; i++) {
            boolean[] kept = cut.keptOutput(i, (int) axis);
            left[i] = ChannelCut.count(kept);
            same &= left[i] == kept.length;
        }
        return same ? this : Split.of(axis, left);
    }
}
