package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;

/** True where the input is false. */
public record Not() implements Unary {
    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs.of(this, in, 1, 1).require(in.get(0).dtype() == DType.BOOL, "takes BOOL, got " + in.get(0));
        return List.of(in.get(0));
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return x.logicalNot();
    }
}
