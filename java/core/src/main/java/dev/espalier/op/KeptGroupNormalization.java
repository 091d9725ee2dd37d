package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A group normalisation whose mean and variance are those of the channels that stay. */
record KeptGroupNormalization(GroupNormalization whole, KeptIndices kept) implements Op {
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

    /** All groups keep equally many channels. */
    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor share = kept.weight(Inputs.present(in.get(0)), 1).mul((double) whole.groups());
        return List.of(whole.apply(in, share));
    }
}
