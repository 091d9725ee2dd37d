package dev.espalier.op;

import dev.espalier.op.Attribute.Ints;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** The axes in another order: output axis i is input axis {@code perm[i]}; no list reverses them. */
public record Transpose(Ints perm) implements Op {
    static Transpose of(Attributes a) {
        return new Transpose(a.only("perm").ints("perm"));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("perm", perm).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, 1);
        int rank = in.get(0).rank();
        long[] order = order(rank);
        inputs.require(
                order.length == rank
                        && LongStream.of(order).distinct().count() == rank
                        && LongStream.of(order).allMatch(p -> p >= 0 && p < rank),
                "perm must order the " + rank + " axes of " + inputs.shape(0) + ", got " + perm);
        return List.of(in.get(0)
                .withShape(LongStream.of(order).map(p -> in.get(0).dim((int) p)).toArray()));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        return List.of(
                x.permute(LongStream.of(order(x.rank())).mapToInt(p -> (int) p).toArray()));
    }

    private long[] order(int rank) {
        return perm.isEmpty() ? LongStream.range(0, rank).map(i -> rank - 1 - i).toArray() : perm.toArray();
    }

    @Override
    public void trace(ChannelTrace trace) {
        ChannelIds in = trace.ids(0);
        long[] order = order(in.rank());
        ChannelIds out = ChannelIds.fixed(in.rank());
        for (int i = 0; i < order.length; i++) {
            out = out.with(i, in.at((int) order[i]));
        }
        trace.moved(0, out);
    }
}
