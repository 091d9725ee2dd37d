package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A layer normalisation whose mean and variance are those of the indices that stay. */
record KeptLayerNormalization(LayerNormalization whole, KeptIndices kept) implements Op {
    @Override
    public String type() {
        return whole.type();
    }

    @Override
    public Map<String, Attribute> attributes() {
        return whole.attributes();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        return whole.infer(in);
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        Tensor scale = Inputs.present(in.get(1));
        Tensor bias = Inputs.optional(in, 2);
        int[] axes = IntStream.range(x.rank() - scale.rank(), x.rank()).toArray();
        Tensor weight = kept.weight(x, axes);
        Tensor centred = x.sub(x.mul(weight).sum(true, axes));
        Tensor variance = centred.square().mul(weight).sum(true, axes);
        Tensor y = centred.div(variance.add(whole.epsilon()).sqrt()).mul(scale);
        return List.of(bias == null ? y : y.add(bias));
    }
}
