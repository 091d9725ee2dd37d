package dev.espalier.op;

import dev.espalier.runtime.Tensor;

/** Quotient of two tensors, element by element. */
public record Div() implements Binary {
    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.div(b);
    }
}
