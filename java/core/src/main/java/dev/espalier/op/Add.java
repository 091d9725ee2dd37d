package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;

/** Sum of two tensors. */
public record Add() implements Binary {
    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.add(b);
    }

    @Override
    public boolean vanishes(TensorType type, ChannelIds out, List<ChannelRules.Operand> operands) {
        return ChannelRules.sumVanishes(type, out, operands);
    }
}
