package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Positions of the greatest or the smallest elements along one axis: ArgMax or ArgMin. Of equal elements the first counts, or the last.
 */
public record ArgExtreme(boolean greatest, long axis, boolean keepDims, boolean last) implements Op {
    static ArgExtreme of(boolean greatest, Attributes a) {
        a.only("axis", "keepdims", "select_last_index");
        return new ArgExtreme(
                greatest, a.integer("axis", 0), a.flag("keepdims", true), a.flag("select_last_index", false));
    }

    @Override
    public String type() {
        return greatest ? "ArgMax" : "ArgMin";
    }

    @Override
    public Map<String, Attribute> attributes() {
        Attributes a = Attributes.none().with("axis", axis).with("keepdims", keepDims ? 1 : 0);
        return (last ? a.with("select_last_index", 1) : a).asMap();
    }

    private ReduceMean axisRule() {
        return new ReduceMean(Ints.of(axis), keepDims, false);
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs.of(this, in, 1, 1)
                .require(isSigned(in.get(0).dtype()), "input 0 must hold signed numbers, got " + in.get(0));
        TensorType left = axisRule().infer(this, in).get(0);
        return List.of(new TensorType(DType.I64, left.shape()));
    }

    private static boolean isSigned(DType type) {
        return type.isFloating() || type == DType.I64 || type == DType.I32;
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        int along = (int) (axis < 0 ? axis + x.rank() : axis);
        Tensor ranked = greatest ? x : x.neg();
        Tensor first = (last ? ranked.flip(along) : ranked).argmax(along);
        Tensor end = Tensor.of(new long[] {x.size(along) - 1}, 1).to(x.device());
        Tensor position = last ? end.sub(first) : first;
        return List.of(keepDims ? position.unsqueeze(along) : position);
    }

    /** A position counts all channels of the axis. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        int along = axisRule().reduced(in.rank()).get(0);
        trace.freeze(in.at(along), "tells positions among the channels of axis " + along);
        trace.output(0, axisRule().left(in, trace.outputType(0).rank()));
    }
}
