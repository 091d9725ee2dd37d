package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.List;

/** x where positive, slope * x elsewhere; the slope, input 1, is broadcast to x. */
public record PRelu() implements Binary {
    @Override
    public Tensor apply(Tensor x, Tensor slope) {
        return Nn.relu(x).sub(Nn.relu(x.neg()).mul(slope));
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        List<TensorType> out = Binary.super.infer(in);
        Inputs.of(this, in, 2, 2)
                .require(
                        out.get(0).equals(in.get(0)),
                        "slope " + in.get(1) + " must be broadcast to the input " + in.get(0));
        return out;
    }

    @Override
    public boolean vanishes(TensorType type, ChannelIds out, List<ChannelRules.Operand> operands) {
        return ChannelRules.productVanishes(type, out, operands.subList(0, 1));
    }
}
