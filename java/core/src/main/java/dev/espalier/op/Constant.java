package dev.espalier.op;

import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A tensor that is part of the graph, evaluated on the CPU. */
public record Constant(TensorValue value) implements Op {
    static Constant of(Attributes a) {
        return new Constant(a.only("value").tensor("value"));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("value", (Attribute) value).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs.of(this, in, 0, 0);
        return List.of(new TensorType(value.dtype(), value.shape()));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor tensor = Tensor.empty(value.dtype(), Device.CPU, value.shape().toArray());
        tensor.setBytes(value.toBytes());
        return List.of(tensor);
    }
}
