package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The input broadcast against a shape.
 *
 * <p>A -1 in the shape is the batch: the first dimension of a second input. A file says the same by computing the shape.
 */
public record Expand(Ints shape) implements Op {
    static Expand of(Attributes a) {
        if (!a.only("shape").has("shape")) {
            throw new UnsupportedOperatorException("Expand: the target shape must be a constant or hold the batch");
        }
        return new Expand(a.ints("shape"));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("shape", (Attribute) shape).asMap();
    }

    /** Whether the shape holds the batch, so that a second input must tell its size. */
    public boolean followsBatch() {
        return shape.values().contains(-1L);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        int operands = followsBatch() ? 2 : 1;
        Inputs inputs = Inputs.of(this, in, operands, operands);
        inputs.require(
                shape.values().stream().allMatch(d -> d >= -1)
                        && shape.values().stream().filter(d -> d == -1).count() <= 1,
                "shape must hold sizes and at most one -1, the batch, got " + shape);
        long open = -1;
        if (followsBatch()) {
            inputs.rank(1, 1, Integer.MAX_VALUE);
            inputs.known(1, 1);
            open = in.get(1).dim(0);
        }
        long[] x = inputs.shape(0).toArray();
        long[] out = new long[Math.max(x.length, shape.size())];
        for (int i = 0; i < out.length; i++) {
            long own = i < out.length - x.length ? 1 : x[i - (out.length - x.length)];
            long wanted = i < out.length - shape.size() ? 1 : shape.get(i - (out.length - shape.size()));
            long target = wanted == -1 ? open : wanted;
            inputs.require(
                    own == target || own == 1 || wanted == 1,
                    "cannot expand " + inputs.shape(0) + " to " + shape + ": dimension " + i + " would be " + own
                            + " and " + target);
            out[i] = own == 1 ? target : own;
        }
        return List.of(in.get(0).withShape(out));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        long batch = followsBatch() ? Inputs.present(in.get(1)).size(0) : 0;
        long[] own = x.shape().toArray();
        long[] out = new long[Math.max(own.length, shape.size())];
        for (int i = 0; i < out.length; i++) {
            long size = i < out.length - own.length ? 1 : own[i - (out.length - own.length)];
            long wanted = i < out.length - shape.size() ? 1 : shape.get(i - (out.length - shape.size()));
            out[i] = size != 1 ? size : wanted == -1 ? batch : wanted;
        }
        return List.of(x.expand(out));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return Cost.of(0, in.subList(0, 1), out);
    }

    /** Axes that grow from 1 carry one channel to many places, which cannot be removed one by one. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        TensorType type = trace.outputType(0);
        int shift = type.rank() - in.rank();
        ChannelIds out = ChannelIds.fixed(type.rank());
        for (int axis = 0; axis < in.rank(); axis++) {
            if (trace.type(0).dim(axis) == type.dim(axis + shift)) {
                out = out.with(axis + shift, in.at(axis));
            } else {
                trace.freeze(in.at(axis), "stretches a single channel over axis " + (axis + shift));
            }
        }
        trace.output(0, out);
        ChannelRules.passVanishing(trace);
    }

    @Override
    public Op cut(ChannelCut cut) {
        long[] left = shape.toArray();
        for (int i = 0; i < left.length; i++) {
            boolean[] kept = cut.keptOutput(0, i - left.length);
            left[i] = left[i] > 1 && kept.length == left[i] ? ChannelCut.count(kept) : left[i];
        }
        return new Expand(Ints.of(left));
    }
}
