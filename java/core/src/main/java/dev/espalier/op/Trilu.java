package dev.espalier.op;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The upper or lower triangle of the last two axes, bounded by the diagonal {@code k}; the rest becomes zero. */
public record Trilu(boolean upper, long k) implements Op {
    static Trilu of(Attributes a) {
        a.only("upper", "k");
        return new Trilu(a.flag("upper", true), a.integer("k", 0));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("upper", upper ? 1 : 0).with("k", k).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        int rank = in.get(0).rank();
        inputs.require(rank >= 2, "input 0 must have rank 2 or more, got shape " + inputs.shape(0));
        inputs.known(0, rank - 2);
        return in;
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        Tensor row = Tensor.arange(x.size(x.rank() - 2), x.device()).unsqueeze(1);
        Tensor distance = Tensor.arange(x.size(x.rank() - 1), x.device()).sub(row);
        Tensor kept = upper ? distance.ge((double) k) : distance.le((double) k);
        Tensor zero = Tensor.zeros(x.dtype(), x.device());
        return List.of(x.dtype() == DType.BOOL ? x.logicalAnd(kept) : x.where(kept, zero));
    }

    /** Which elements stay depends on the numbers of their row and column. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        trace.freezeAxes(0, in.rank() - 2, "cuts a triangle out of an axis that carries channels");
        trace.output(0, in.without(in.rank() - 2).without(in.rank() - 1));
        ChannelRules.passVanishing(trace);
    }
}
