package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Kernels.ChannelSlice;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores of the channels of groups, comparable as far as the scope asks.
 *
 * <p>All members but running statistics are reduced together. So that wide layers do not win by their size, a sum becomes a mean per
 * element and a Euclidean norm a root mean square. Under the global scope the scores of a group are then divided by their mean over
 * the channels still kept, because weights of different layers live on different scales (layer-wise normalisation). Taylor scores
 * stay plain sums under both scopes: all of them estimate a change of the same loss. Random scores need no scale.
 */
final class ChannelScores {
    private final Graph graph;
    private final Policy policy;
    private final Evidence evidence;

    ChannelScores(Graph graph, Policy policy, Evidence evidence) {
        this.graph = graph;
        this.policy = policy;
        this.evidence = evidence;
    }

    /** One F32 tensor [channels] per group, in the open scope, on the device of the weights. */
    List<Tensor> of(List<ChannelGroup> groups, Mask mask) {
        Criterion criterion = policy.criterion();
        if (criterion == Criterion.RANDOM) {
            return groups.stream().map(g -> random(g)).toList();
        }
        List<List<ChannelSlice>> slices = groups.stream().map(this::slices).toList();
        Device device = slices.get(0).get(0).weight().device();
        List<Tensor> sums = Kernels.on(device).scoreChannels(criterion.importance(), criterion.norm(), slices);
        List<Tensor> scores = new ArrayList<>();
        for (int i = 0; i < groups.size(); i++) {
            Tensor perElement = sums.get(i).div(scale(slices.get(i)));
            scores.add(
                    policy.scope() == ScoreScope.GLOBAL ? layerwise(perElement, mask.kept(groups.get(i))) : perElement);
        }
        return scores;
    }

    private Tensor random(ChannelGroup group) {
        Device device = evidence.weight(group.members().get(0).parameter()).device();
        return RandomScores.draw(policy.seed(), group.id(), group.channels()).to(device);
    }

    private List<ChannelSlice> slices(ChannelGroup group) {
        return group.members().stream()
                .filter(m -> !graph.isStatistic(m.parameter()))
                .map(this::slice)
                .toList();
    }

    /** Indices that are no run are first gathered into one. */
    private ChannelSlice slice(Member member) {
        IndexMap indices = member.indices();
        Tensor weight = evidence.weight(member.parameter()).detach();
        Tensor gradient = policy.criterion().needsGradients()
                ? evidence.gradient(member.parameter()).detach()
                : null;
        long offset = indices.at(0, 0);
        if (!indices.isRun()) {
            Tensor order = Indices.tensor(indices.all(), weight.device());
            weight = weight.indexSelect(member.axis(), order);
            gradient = gradient == null ? null : gradient.indexSelect(member.axis(), order);
            offset = 0;
        }
        return new ChannelSlice(weight, gradient, member.axis(), offset, indices.channels(), indices.copies());
    }

    private double scale(List<ChannelSlice> slices) {
        double elements = slices.stream()
                .mapToDouble(s -> (double) s.weight().numel() / s.weight().size(s.axis()) * s.repeat())
                .sum();
        return switch (policy.criterion()) {
            case TAYLOR -> 1;
            case L2 -> Math.sqrt(elements);
            default -> elements;
        };
    }

    private Tensor layerwise(Tensor scores, Kept kept) {
        if (policy.criterion() == Criterion.TAYLOR) {
            return scores;
        }
        Tensor left = scores.indexSelect(0, Indices.tensor(kept.indices(), scores.device()));
        // A group without any signal keeps its zeros instead of becoming 0 / 0.
        return scores.div(left.mean().clamp(Float.MIN_NORMAL, Float.MAX_VALUE));
    }
}
