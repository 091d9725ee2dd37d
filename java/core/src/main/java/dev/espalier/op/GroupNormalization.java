package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Normalises each group of neighbouring channels of every sample of x [n, c, spatial] and applies scale and bias, which hold one value
 * per channel as in operator set 21, or one per group as in set 18.
 */
public record GroupNormalization(long groups, float epsilon) implements Op {
    public GroupNormalization {
        if (groups < 1) {
            throw new IllegalArgumentException("GroupNormalization: num_groups must be positive, got " + groups);
        }
    }

    static GroupNormalization of(Attributes a) {
        a.only("num_groups", "epsilon", "stash_type").mustBe("stash_type", 1);
        return new GroupNormalization(a.integer("num_groups", 0), a.real("epsilon", 1e-5f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none()
                .with("num_groups", groups)
                .with("epsilon", epsilon)
                .asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 3, 3);
        inputs.floating();
        inputs.rank(0, 3, Integer.MAX_VALUE);
        inputs.known(0, 1);
        long channels = inputs.shape(0).dim(1);
        inputs.require(channels % groups == 0, channels + " channels must be a multiple of num_groups " + groups);
        for (int i = 1; i < 3; i++) {
            long length = inputs.shape(i).rank() == 1 ? inputs.shape(i).dim(0) : -1;
            inputs.require(
                    length == channels || length == groups,
                    "input " + i + " must have one value for each of " + channels + " channels or " + groups
                            + " groups, got shape " + inputs.shape(i));
        }
        return List.of(in.get(0));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        return List.of(apply(in, null));
    }

    /** @param share of each channel in the statistics, [1, c, 1, …]; null where all count alike */
    Tensor apply(List<@Nullable Tensor> in, @Nullable Tensor share) {
        Tensor x = Inputs.present(in.get(0));
        long[] shape = x.shape().toArray();
        long size = shape[1] / groups;
        long[] split = grouped(shape, shape[0]);
        Tensor rows = x.reshape(split);
        int[] axes = IntStream.range(2, split.length).toArray();
        Tensor mean = rows.mean(true, axes);
        Tensor part = null;
        if (share != null) {
            long[] one = share.shape().toArray();
            part = share.reshape(grouped(one, 1));
            mean = weighted(rows, part, axes);
        }
        Tensor centred = rows.sub(mean);
        Tensor squares = centred.square();
        Tensor variance = part == null ? squares.mean(true, axes) : weighted(squares, part, axes);
        Tensor y = centred.div(variance.add(epsilon).sqrt()).reshape(shape);
        return y.mul(perChannel(Inputs.present(in.get(1)), x.rank(), size))
                .add(perChannel(Inputs.present(in.get(2)), x.rank(), size));
    }

    private static Tensor weighted(Tensor rows, Tensor part, int[] axes) {
        int[] spatial = IntStream.range(3, axes.length + 2).toArray();
        Tensor means = spatial.length == 0 ? rows : rows.mean(true, spatial);
        return means.mul(part).sum(true, 2);
    }

    private long[] grouped(long[] shape, long batch) {
        long[] split = new long[shape.length + 1];
        split[0] = batch;
        split[1] = groups;
        split[2] = shape[1] / groups;
        System.arraycopy(shape, 2, split, 3, shape.length - 2);
        return split;
    }

    /** One value per group counts for each of its channels. */
    private Tensor perChannel(Tensor values, int rank, long size) {
        boolean each = values.numel() == groups * size;
        Tensor all =
                each ? values : values.reshape(groups, 1).expand(groups, size).reshape(groups * size);
        return InstanceNormalization.perChannel(all, rank);
    }

    /** Equal places of all groups go together, with their scale and bias; the statistics change. */
    @Override
    public void trace(ChannelTrace trace) {
        trace.freezeAxes(0, 2, "normalises over an axis that carries channels");
        int[] channels = trace.ids(0).at(1);
        boolean each = trace.type(1).dim(0) == trace.type(0).dim(1)
                && trace.type(2).dim(0) == trace.type(0).dim(1);
        if (!each) {
            trace.freeze(channels, "has one scale or bias for a whole group of channels");
            trace.output(0, trace.ids(0));
            return;
        }
        if (!ofEachChannel(trace.type(0).dim(1))) {
            ChannelRules.tieBlocks(trace, channels, (int) groups);
            trace.approximates(channels, "takes its mean and variance over groups of these channels");
        }
        trace.tie(channels, trace.ids(1).at(0), "scales channels that cannot all be removed");
        trace.tie(channels, trace.ids(2).at(0), "shifts channels that cannot all be removed");
        trace.output(0, trace.ids(0));
        if (trace.ids(0).isFixed(0)) {
            trace.vanishing(0);
        }
    }

    /** Whether every channel is a group of its own, whose statistics no other channel changes. */
    private boolean ofEachChannel(long channels) {
        return groups == channels;
    }

    @Override
    public Op cut(ChannelCut cut) {
        boolean[] kept = cut.keptInput(0, 1);
        return ofEachChannel(kept.length) ? new GroupNormalization(ChannelCut.count(kept), epsilon) : this;
    }

    /** With mean and variance over the channels that stay. */
    @Override
    public Op masked(ChannelCut cut) {
        if (ofEachChannel(cut.keptInput(0, 1).length)) {
            return this;
        }
        return new KeptGroupNormalization(this, new KeptIndices(cut));
    }
}
