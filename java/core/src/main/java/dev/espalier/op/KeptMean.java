package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A mean over the indices that stay. */
record KeptMean(ReduceMean whole, KeptIndices kept) implements Op {
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
        int[] axes = whole.reduced(x.rank()).stream().mapToInt(i -> i).toArray();
        return List.of(axes.length == 0 ? x : x.mul(kept.weight(x, axes)).sum(whole.keepDims(), axes));
    }
}
