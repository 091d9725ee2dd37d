package dev.espalier.op;

import dev.espalier.runtime.Tensor;

/** Difference of two tensors. */
public record Sub() implements Binary {
    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.sub(b);
    }
}
