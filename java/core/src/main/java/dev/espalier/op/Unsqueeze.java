package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Axes of size 1 inserted so that they stand at the listed places of the output. */
public record Unsqueeze(Ints axes) implements Op {
    static Unsqueeze of(Attributes a) {
        if (!a.only("axes").has("axes")) {
            throw new UnsupportedOperatorException("Unsqueeze: axes must be a constant");
        }
        return new Unsqueeze(a.ints("axes"));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("axes", axes).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        int rank = in.get(0).rank() + axes.size();
        Set<Integer> places = new HashSet<>();
        for (long axis : axes.values()) {
            inputs.require(places.add(inputs.axis(axis, rank)), "axes must differ, got " + axes);
        }
        return List.of(in.get(0).withShape(widened(in.get(0).shape())));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        return List.of(x.reshape(widened(x.shape())));
    }

    private long[] widened(Shape x) {
        long[] out = new long[x.rank() + axes.size()];
        for (long axis : axes.values()) {
            out[(int) (axis < 0 ? axis + out.length : axis)] = 1;
        }
        int next = 0;
        for (int i = 0; i < out.length; i++) {
            // Only the places just marked hold a 1 here; all others are still 0.
            out[i] = out[i] == 1 ? 1 : x.dim(next++);
        }
        return out;
    }

    @Override
    public void trace(ChannelTrace trace) {
        RowMajorMove.apply(trace);
    }
}
