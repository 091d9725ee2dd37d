package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;

/** Product of two tensors, element by element. */
public record Mul() implements Binary {
    @Override
    public Tensor apply(Tensor a, Tensor b) {
        return a.mul(b);
    }

    @Override
    public boolean vanishes(TensorType type, ChannelIds out, List<ChannelRules.Operand> operands) {
        return ChannelRules.productVanishes(type, out, operands);
    }
}
