package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;

/** Difference of two tensors. */
public record Sub() implements Binary {
    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.sub(b);
    }

    @Override
    public boolean vanishes(TensorType type, ChannelIds out, List<ChannelRules.Operand> operands) {
        return ChannelRules.sumVanishes(type, out, operands);
    }
}
