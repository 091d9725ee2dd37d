package dev.espalier.op;

import dev.espalier.runtime.Tensor;

/** Sum of two tensors. */
public record Add() implements Binary {
    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.add(b);
    }
}
