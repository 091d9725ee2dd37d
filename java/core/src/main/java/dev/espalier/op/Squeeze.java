package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The listed axes of size 1 removed; without a list, all of them. */
public record Squeeze(Ints axes) implements Op {
    static Squeeze of(Attributes a) {
        return new Squeeze(a.only("axes").ints("axes"));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("axes", axes).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        for (long axis : axes.values()) {
            int at = inputs.axis(axis, in.get(0).rank());
            inputs.require(in.get(0).dim(at) == 1, "axis " + axis + " of " + inputs.shape(0) + " must have size 1");
        }
        return List.of(in.get(0).withShape(kept(in.get(0).shape())));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        return List.of(x.reshape(kept(x.shape())));
    }

    private long[] kept(Shape x) {
        Set<Integer> gone = new HashSet<>();
        for (long axis : axes.values()) {
            gone.add((int) (axis < 0 ? axis + x.rank() : axis));
        }
        return IntStream.range(0, x.rank())
                .filter(i -> axes.isEmpty() ? x.dim(i) != 1 : !gone.contains(i))
                .mapToLong(x::dim)
                .toArray();
    }

    @Override
    public void trace(ChannelTrace trace) {
        RowMajorMove.apply(trace);
    }
}
