package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The same elements in row-major order under another shape, in which 0 copies the input's dimension (unless {@code allowZero})
 * and one -1 takes what is left: the open batch, where nothing copies it, with all of each sample that finds no other place.
 */
public record Reshape(Ints shape, boolean allowZero) implements Op {
    static Reshape of(Attributes a) {
        if (!a.only("shape", "allowzero").has("shape")) {
            throw new UnsupportedOperatorException(
                    "Reshape: the target shape must be a constant; fold the computation of the shape before loading");
        }
        return new Reshape(a.ints("shape"), a.flag("allowzero", false));
    }

    @Override
    public Map<String, Attribute> attributes() {
        Attributes a = Attributes.none().with("shape", (Attribute) shape);
        return (allowZero ? a.with("allowzero", 1) : a).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        return List.of(in.get(0).withShape(target(inputs, inputs.shape(0))));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        Inputs inputs = Inputs.of(this, List.of(new TensorType(x.dtype(), x.shape())), 1, 1);
        return List.of(x.reshape(target(inputs, x.shape())));
    }

    private long[] target(Inputs inputs, Shape x) {
        long[] out = shape.toArray();
        int free = -1;
        for (int i = 0; i < out.length; i++) {
            if (out[i] == 0 && !allowZero) {
                inputs.require(i < x.rank(), "0 at " + i + " of " + shape + " copies no dimension of " + x);
                out[i] = x.dim(i);
            } else if (out[i] == -1) {
                inputs.require(free < 0, "shape may hold one -1, got " + shape);
                free = i;
            }
        }
        boolean openLeft = open(x.toArray(), -1) && !open(out, free);
        inputs.require(
                free >= 0 || !openLeft, "the open batch of " + x + " has no place in " + shape + "; use -1 or 0 there");
        long rest = perSample(x.toArray(), -1);
        long taken = perSample(out, free);
        if (free >= 0) {
            inputs.require(taken > 0 && rest % taken == 0, "cannot reshape " + x + " to " + shape);
            out[free] = openLeft ? -rest / taken : rest / taken;
        } else {
            inputs.require(rest == taken, "cannot reshape " + x + " to " + shape);
        }
        return out;
    }

    /** Product of the dimensions of one sample but for the one to be found. */
    private static long perSample(long[] dims, int free) {
        long product = 1;
        for (int i = 0; i < dims.length; i++) {
            product *= i == free ? 1 : Math.abs(dims[i]);
        }
        return product;
    }

    private static boolean open(long[] dims, int free) {
        for (int i = 0; i < dims.length; i++) {
            if (i != free && dims[i] < 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void trace(ChannelTrace trace) {
        RowMajorMove.apply(trace);
    }

    /** Sizes that shrink are written out; entries that still say the right thing stay as they are. */
    @Override
    public Op cut(ChannelCut cut) {
        long[] target = shape.toArray();
        for (int i = 0; i < target.length; i++) {
            boolean[] kept = cut.keptOutput(0, i);
            int left = ChannelCut.count(kept);
            boolean copies = target[i] == 0 && !allowZero;
            boolean right = copies ? ChannelCut.count(cut.keptInput(0, i)) == left : left == kept.length;
            target[i] = right || target[i] == -1 ? target[i] : left;
        }
        return new Reshape(Ints.of(target), allowZero);
    }
}
