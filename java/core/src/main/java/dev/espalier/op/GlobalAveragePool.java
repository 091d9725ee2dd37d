package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;

/** Mean of each channel over all spatial axes, which stay with size 1. */
public record GlobalAveragePool() implements GlobalPooling {
    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return x.rank() == 4 ? Nn.globalAvgPool(x) : x.mean(true, GlobalPooling.spatialAxes(x.rank()));
    }
}
