package dev.espalier.plan;

import dev.espalier.op.Attribute;
import dev.espalier.op.Conv;
import dev.espalier.op.Cost;
import dev.espalier.op.Evaluation;
import dev.espalier.op.Op;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * max(0, convolution + residual) over two spatial axes, for inference: the inputs of the convolution, its bias always named, if only
 * as left out, and then the residual, of the output's type, if there is one.
 */
record ConvRelu(Conv conv) implements Op {
    /** What is computed, by ONNX names. */
    @Override
    public String type() {
        return "Conv+Relu";
    }

    @Override
    public Map<String, Attribute> attributes() {
        return conv.attributes();
    }

    @Override
    public Set<Integer> weightInputs() {
        return conv.weightInputs();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        List<TensorType> out = conv.infer(in.subList(0, 3));
        if (in.size() > 3 && !in.get(3).equals(out.get(0))) {
            throw new ShapeException(type() + ": the residual must be " + out.get(0) + ", got " + in.get(3));
        }
        return out;
    }

    @Override
    public Cost cost(List<TensorType> in, List<TensorType> out) {
        return conv.cost(in, out);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Objects.requireNonNull(in.get(0));
        Tensor weight = Objects.requireNonNull(in.get(1));
        Tensor residual = in.size() > 3 ? in.get(3) : null;
        Shape image = Shape.of(x.size(1), x.size(2), x.size(3));
        return List.of(Nn.conv2dRelu(x, weight, in.get(2), residual, conv.over(image, weight.shape())));
    }
}
