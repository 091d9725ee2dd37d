package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Elements of input 1 where input 0 is true, of input 2 elsewhere; all three are broadcast. */
public record Where() implements Op {
    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 3, 3);
        inputs.require(in.get(0).dtype() == DType.BOOL, "the condition must be BOOL, got " + in.get(0));
        inputs.require(in.get(1).dtype() == in.get(2).dtype(), "both choices must have one element type, got " + in);
        TensorType choices = in.get(1).withShape(Binary.broadcast(inputs, inputs.shape(1), inputs.shape(2)));
        return List.of(choices.withShape(Binary.broadcast(inputs, inputs.shape(0), choices.shape())));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor yes = Inputs.present(in.get(1));
        return List.of(yes.where(Inputs.present(in.get(0)), Inputs.present(in.get(2))));
    }

    @Override
    public void trace(ChannelTrace trace) {
        TensorType type = trace.outputType(0);
        ChannelIds out = ChannelRules.broadcast(trace, type, ChannelRules.operands(trace, 0, 3));
        trace.output(0, out);
        if (ChannelRules.sumVanishes(type, out, ChannelRules.operands(trace, 1, 3))) {
            trace.vanishing(0);
        }
    }
}
