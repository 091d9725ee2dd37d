package dev.espalier.op;

import dev.espalier.runtime.Tensor;

/** Largest element of each channel over all spatial axes, which stay with size 1. */
public record GlobalMaxPool() implements GlobalPooling {
    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return x.amax(true, GlobalPooling.spatialAxes(x.rank()));
    }
}
