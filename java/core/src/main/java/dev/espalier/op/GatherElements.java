package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Single elements of input 0 along {@code axis}: input 1 names one for every element of the result, negative from the end. */
public record GatherElements(long axis) implements Op {
    static GatherElements of(Attributes a) {
        return new GatherElements(a.only("axis").integer("axis", 0));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("axis", axis).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 2, 2);
        int along = inputs.axis(axis, inputs.shape(0).rank());
        inputs.require(
                in.get(1).dtype() == DType.I64 || in.get(1).dtype() == DType.I32,
                "indices must be whole numbers, got " + in.get(1));
        inputs.rank(1, in.get(0).rank(), in.get(0).rank());
        for (int i = 0; i < in.get(0).rank(); i++) {
            inputs.require(
                    i == along || in.get(1).dim(i) == in.get(0).dim(i),
                    "indices " + in.get(1) + " must have the sizes of " + in.get(0) + " but on axis " + along);
        }
        inputs.require(in.get(0).dim(along) >= 0, "axis " + along + " is the open batch, whose samples stay apart");
        return List.of(in.get(0).withShape(in.get(1).shape().toArray()));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int along = (int) (axis < 0 ? axis + x.rank() : axis);
        Tensor numbers = Inputs.present(in.get(1)).to(DType.I64);
        return List.of(x.takeAlong(along, Gather.fromStart(numbers, x.size(along))));
    }
}
