package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;

/** Quotient of two tensors, element by element; of whole numbers, cut towards zero. */
public record Div() implements Binary {
    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.dtype().isFloating() ? a.div(b) : a.divTruncated(b);
    }

    /** A removed divisor would be masked to zero, and the quotient would not be a number. */
    @Override
    public void trace(ChannelTrace trace) {
        if (!trace.ids(1).isFixed() && trace.vanishes(1)) {
            trace.freezeAxes(1, 0, "divides by channels that masking makes zero");
        }
        Binary.super.trace(trace);
    }

    @Override
    public boolean vanishes(TensorType type, ChannelIds out, List<ChannelRules.Operand> operands) {
        return ChannelRules.productVanishes(type, out, operands.subList(0, 1));
    }
}
