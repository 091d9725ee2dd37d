package dev.espalier.op;

import dev.espalier.runtime.Tensor;

/** Product of two tensors, element by element. */
public record Mul() implements Binary {
    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.mul(b);
    }
}
