package dev.espalier.pipeline;

import dev.espalier.prune.ChannelGroup;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.IndexMap;
import dev.espalier.prune.Member;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.Listener;
import dev.espalier.train.PenaltyRecipe;
import dev.espalier.train.TrainingState;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A penalty on the sum of the L2 norms of channels, each over all places that must lose the channel together (Fang et al.,
 * "DepGraph: towards any structural pruning", 2023), as a gradient or as a proximal step.
 */
final class ChannelLasso implements Listener {
    /** Norms below this count as this, so that an all-zero channel has a zero gradient, not an undefined one. */
    private static final double SMALLEST_NORM = 1e-12;

    private final ChannelGroups groups;
    private final PenaltyRecipe recipe;

    ChannelLasso(ChannelGroups groups, PenaltyRecipe recipe) {
        this.groups = groups;
        this.recipe = recipe;
    }

    @Override
    public void gradientsReady(TrainingState state) {
        if (recipe.proximal()) {
            return;
        }
        try (Grad off = Grad.disabled()) {
            for (ChannelGroup group : groups.prunable()) {
                try (Scope scope = Scope.open()) {
                    Tensor factors = norms(group, state).pow(-1).mul(recipe.channelLasso());
                    for (Member member : members(group, state)) {
                        Tensor parameter = state.parameter(member.parameter());
                        Tensor gradient = parameter.grad();
                        if (gradient != null) {
                            gradient.addInPlace(parameter.mul(along(member, parameter, factors, 0)));
                        }
                    }
                }
            }
        }
    }

    /** Each channel's norm falls by the learning rate times the factor, to zero at least. */
    @Override
    public void updated(TrainingState state, double learningRate) {
        if (!recipe.proximal()) {
            return;
        }
        try (Grad off = Grad.disabled()) {
            for (ChannelGroup group : groups.prunable()) {
                try (Scope scope = Scope.open()) {
                    Tensor factors = norms(group, state)
                            .pow(-1)
                            .mul(-learningRate * recipe.channelLasso())
                            .add(1)
                            .clamp(0, 1);
                    for (Member member : members(group, state)) {
                        Tensor parameter = state.parameter(member.parameter());
                        parameter.mulInPlace(along(member, parameter, factors, 1));
                    }
                }
            }
        }
    }

    /** The places that the optimiser moves. */
    private static List<Member> members(ChannelGroup group, TrainingState state) {
        return group.members().stream()
                .filter(member -> state.parameters().containsKey(member.parameter()))
                .toList();
    }

    /** [channels], none below the smallest norm. */
    private static Tensor norms(ChannelGroup group, TrainingState state) {
        Tensor sums = null;
        for (Member member : members(group, state)) {
            Tensor weight = state.parameter(member.parameter());
            int[] others = IntStream.range(0, weight.rank())
                    .filter(axis -> axis != member.axis())
                    .toArray();
            Tensor squares = weight.square();
            Tensor perIndex = others.length == 0 ? squares : squares.sum(false, others);
            IndexMap indices = member.indices();
            Tensor perChannel = perIndex.indexSelect(0, longs(indices.all(), weight.device()))
                    .reshape(indices.channels(), indices.copies())
                    .sum(false, 1);
            sums = sums == null ? perChannel : sums.add(perChannel);
        }
        if (sums == null) {
            throw new IllegalStateException("group '" + group.id() + "' has no weights that are trained");
        }
        return sums.sqrt().clamp(SMALLEST_NORM, Float.MAX_VALUE);
    }

    /** The factor of each channel at its indices of the member's axis, {@code other} elsewhere, in a shape that multiplies the parameter. */
    private static Tensor along(Member member, Tensor parameter, Tensor factors, double other) {
        IndexMap indices = member.indices();
        int[] channelAt = new int[Math.toIntExact(parameter.size(member.axis()))];
        Arrays.fill(channelAt, indices.channels());
        for (int channel = 0; channel < indices.channels(); channel++) {
            for (int index : indices.of(channel)) {
                channelAt[index] = channel;
            }
        }
        Tensor elsewhere = Tensor.full(other, factors.dtype(), factors.device(), 1);
        long[] shape = new long[parameter.rank()];
        Arrays.fill(shape, 1);
        shape[member.axis()] = channelAt.length;
        return Tensor.cat(List.of(factors, elsewhere), 0)
                .indexSelect(0, longs(channelAt, factors.device()))
                .reshape(shape);
    }

    private static Tensor longs(int[] values, Device device) {
        return Tensor.of(Arrays.stream(values).asLongStream().toArray(), values.length)
                .to(device);
    }
}
