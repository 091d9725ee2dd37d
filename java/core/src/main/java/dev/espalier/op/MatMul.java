package dev.espalier.op;

import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    public Optional<WeightAxes> weightAxes(int input, int rank) {
        return Optional.of(input == 0 ? WeightAxes.of(rank - 2, rank - 1) : WeightAxes.of(rank - 1, rank - 2));
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
        return Shape.withMultiple(Arrays.copyOf(shape.toArray(), shape.rank() - 2));
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

    /** The inner axes meet, the last outer axes become those of the output; stacked matrices are paired as broadcasting pairs them. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds a = trace.ids(0);
        ChannelIds b = trace.ids(1);
        TensorType type = trace.outputType(0);
        int rank = type.rank();
        int[] rows = a.at(a.rank() - 2);
        int[] columns = b.at(b.rank() - 1);
        ChannelRules.contract(trace, a.at(a.rank() - 1), b.at(b.rank() - 2));
        ChannelRules.produceWeighted(trace, rows, columns);
        TensorType stacks = type.withShape(outer(type.shape()).toArray());
        List<ChannelRules.Operand> operands = List.of(stack(trace, 0), stack(trace, 1));
        ChannelIds paired = ChannelRules.broadcast(trace, stacks, operands);
        ChannelIds out = ChannelIds.fixed(rank).with(rank - 2, rows).with(rank - 1, columns);
        for (int axis = 0; axis < rank - 2; axis++) {
            out = out.with(axis, paired.at(axis));
        }
        trace.output(0, out);
        if (ChannelRules.outerVanishes(trace, rows, columns)
                && ChannelRules.productVanishes(stacks, paired, operands)) {
            trace.vanishing(0);
        }
    }

    /** The axes before the matrices. */
    private static ChannelRules.Operand stack(ChannelTrace trace, int input) {
        ChannelIds ids = trace.ids(input);
        ChannelIds stack = ChannelIds.fixed(ids.rank() - 2);
        for (int axis = 0; axis < stack.rank(); axis++) {
            stack = stack.with(axis, ids.at(axis));
        }
        TensorType type = trace.type(input);
        return new ChannelRules.Operand(type.withShape(outer(type.shape()).toArray()), stack, trace.vanishes(input));
    }
}
