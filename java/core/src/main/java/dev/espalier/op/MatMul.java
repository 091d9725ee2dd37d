package dev.espalier.op;

import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Matrix product over the last two axes, earlier axes broadcast. */
public record MatMul() implements Op {
    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public Set<Integer> weightInputs() {
        return Set.of(0, 1);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 2);
        inputs.floating();
        Shape a = inputs.shape(0);
        Shape b = inputs.shape(1);
        inputs.rank(0, 2, Integer.MAX_VALUE);
        inputs.rank(1, 2, Integer.MAX_VALUE);
        inputs.require(
                a.dim(a.rank() - 1) == b.dim(b.rank() - 2), "inner sizes differ: input 0 " + a + " and input 1 " + b);
        long[] outer = Binary.broadcast(inputs, outer(a), outer(b));
        long[] out = Arrays.copyOf(outer, outer.length + 2);
        out[outer.length] = a.dim(a.rank() - 2);
        out[outer.length + 1] = b.dim(b.rank() - 1);
        return List.of(in.get(0).withShape(out));
    }

    private static Shape outer(Shape shape) {
        return Shape.of(Arrays.copyOf(shape.toArray(), shape.rank() - 2));
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        TensorType a = in.get(0);
        return Cost.of(out.get(0).numelPerSample() * Math.max(a.dim(a.rank() - 1), 1), in, out);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        return List.of(Inputs.present(in.get(0)).matmul(Inputs.present(in.get(1))));
    }

    /** The inner axes meet, the last outer axes become those of the output; stacked matrices keep their number. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds a = trace.ids(0);
        ChannelIds b = trace.ids(1);
        int rank = trace.outputType(0).rank();
        int[] rows = a.at(a.rank() - 2);
        int[] columns = b.at(b.rank() - 1);
        for (int input = 0; input < 2; input++) {
            for (int axis = 0; axis < trace.ids(input).rank() - 2; axis++) {
                trace.freeze(trace.ids(input).at(axis), "multiplies along a stack that carries channels");
            }
        }
        ChannelRules.contract(trace, a.at(a.rank() - 1), b.at(b.rank() - 2));
        ChannelRules.produceWeighted(trace, rows, columns);
        trace.output(0, ChannelIds.fixed(rank).with(rank - 2, rows).with(rank - 1, columns));
    }
}
