package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Mean over the listed axes; without a list over all of them, or over none where {@code noopWhenEmpty}. */
public record ReduceMean(Ints axes, boolean keepDims, boolean noopWhenEmpty) implements Op {
    static ReduceMean of(Attributes a) {
        a.only("axes", "keepdims", "noop_with_empty_axes");
        return new ReduceMean(a.ints("axes"), a.flag("keepdims", true), a.flag("noop_with_empty_axes", false));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("axes", axes)
                .with("keepdims", keepDims ? 1 : 0)
                .with("noop_with_empty_axes", noopWhenEmpty ? 1 : 0)
                .asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs.of(this, in, 1, 1).floating();
        return infer(this, in);
    }

    /** The types of a reduction over these axes. */
    List<TensorType> infer(Op op, List<TensorType> in) {
        Inputs inputs = Inputs.of(op, in, 1, 1);
        Shape x = inputs.shape(0);
        axes.values().forEach(axis -> inputs.axis(axis, x.rank()));
        List<Integer> reduced = reduced(x.rank());
        List<Long> out = new ArrayList<>();
        for (int i = 0; i < x.rank(); i++) {
            if (!reduced.contains(i)) {
                out.add(x.dim(i));
            } else {
                inputs.require(
                        x.dim(i) >= 0, "axis " + i + " is the open batch: a reduction over it would mix samples");
                if (keepDims) {
                    out.add(1L);
                }
            }
        }
        return List.of(in.get(0).withShape(out.stream().mapToLong(d -> d).toArray()));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        List<Integer> reduced = reduced(x.rank());
        return List.of(
                reduced.isEmpty()
                        ? x
                        : x.mean(keepDims, reduced.stream().mapToInt(i -> i).toArray()));
    }

    List<Integer> reduced(int rank) {
        if (axes.isEmpty()) {
            return noopWhenEmpty ? List.of() : IntStream.range(0, rank).boxed().toList();
        }
        return axes.values().stream()
                .map(a -> (int) (a < 0 ? a + rank : a))
                .distinct()
                .toList();
    }

    /** A mean over channels depends on how many there are. */
    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        reduced(in.rank()).forEach(axis -> trace.approximates(in.at(axis), "takes the mean over these channels"));
        trace.output(0, left(in, trace.outputType(0).rank()));
        if (trace.vanishes(0)) {
            trace.vanishing(0);
        }
    }

    /** The ids of the axes that are not reduced. */
    ChannelIds left(ChannelIds in, int rank) {
        List<Integer> reduced = reduced(in.rank());
        ChannelIds out = ChannelIds.fixed(rank);
        int at = 0;
        for (int axis = 0; axis < in.rank(); axis++) {
            if (!reduced.contains(axis)) {
                out = out.with(at++, in.at(axis));
            } else if (keepDims) {
                at++;
            }
        }
        return out;
    }

    /** The mean over the indices that stay. */
    @Override
    public Op masked(ChannelCut cut) {
        return new KeptMean(this, new KeptIndices(cut));
    }
}
