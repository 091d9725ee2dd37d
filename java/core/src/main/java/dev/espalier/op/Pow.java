package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** x to the power of input 1, whose element type may be another. */
public record Pow() implements Op {
    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 2);
        inputs.require(in.get(0).dtype() != DType.BOOL && in.get(1).dtype() != DType.BOOL, "takes numbers, got " + in);
        return List.of(in.get(0).withShape(Binary.broadcast(inputs, inputs.shape(0), inputs.shape(1))));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        Tensor exponent = Inputs.present(in.get(1));
        if (!x.dtype().isFloating() && exponent.dtype().isFloating()) {
            return List.of(x.to(DType.F64).pow(exponent.to(DType.F64)).to(x.dtype()));
        }
        if (exponent.rank() == 0 && !exponent.requiresGrad()) {
            double value = exponent.to(DType.F64).item();
            return List.of(value == 2 ? x.square() : x.pow(value));
        }
        return List.of(x.pow(exponent.to(x.dtype())));
    }

    @Override
    public void trace(ChannelTrace trace) {
        trace.output(0, ChannelRules.broadcast(trace, trace.outputType(0), ChannelRules.operands(trace, 0, 2)));
    }
}
