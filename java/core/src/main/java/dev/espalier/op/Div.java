package dev.espalier.op;

import dev.espalier.runtime.Tensor;

/** Quotient of two tensors, element by element. */
public record Div() implements Binary {
    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.div(b);
    }

    /** A removed divisor would be masked to zero, and the quotient would not be a number. */
    @Override
    public void trace(ChannelTrace trace) {
        trace.freezeAxes(1, 0, "divides by these channels");
        Binary.super.trace(trace);
    }
}
