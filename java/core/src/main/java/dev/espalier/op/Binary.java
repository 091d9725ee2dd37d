package dev.espalier.op;

import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An operator on pairs of elements of two tensors that are broadcast to one shape. */
interface Binary extends Op {
    Tensor apply(Tensor a, Tensor b);

    @Override
    default Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    default List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 2);
        inputs.sameType();
        return List.of(in.get(0)
                .withShape(broadcast(inputs, in.get(0).shape(), in.get(1).shape())));
    }

    @Override
    default List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        return List.of(apply(Inputs.present(in.get(0)), Inputs.present(in.get(1))));
    }

    /** The common shape, axes aligned at the end; an open batch pairs with itself or with 1. */
    static long[] broadcast(Inputs inputs, Shape a, Shape b) {
        int rank = Math.max(a.rank(), b.rank());
        long[] out = new long[rank];
        for (int i = 0; i < rank; i++) {
            long x = i < rank - a.rank() ? 1 : a.dim(i - (rank - a.rank()));
            long y = i < rank - b.rank() ? 1 : b.dim(i - (rank - b.rank()));
            inputs.require(
                    x == y || x == 1 || y == 1,
                    "shapes " + a + " and " + b + " cannot be broadcast: dimension " + i + " of the result would be "
                            + x + " and " + y);
            out[i] = x == 1 ? y : x;
        }
        return out;
    }

    /** Paired channels go together. */
    @Override
    default void trace(ChannelTrace trace) {
        List<ChannelRules.Operand> operands = List.of(ChannelRules.operand(trace, 0), ChannelRules.operand(trace, 1));
        TensorType type = trace.outputType(0);
        ChannelIds out = ChannelRules.broadcast(trace, type, operands);
        trace.output(0, out);
        if (vanishes(type, out, operands)) {
            trace.vanishing(0);
        }
    }

    /** Whether the result is zero wherever masking makes operands zero. */
    default boolean vanishes(TensorType type, ChannelIds out, List<ChannelRules.Operand> operands) {
        return false;
    }
}
