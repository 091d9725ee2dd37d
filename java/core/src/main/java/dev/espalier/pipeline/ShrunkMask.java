package dev.espalier.pipeline;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.prune.ChannelGroup;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Kept;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Member;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The mask that removes what a penalty has shrunk in training: single weights far below the root mean square of their
 * parameter, or channels whose mean magnitude is far below that of the strongest channel of their group.
 */
final class ShrunkMask {
    private final ChannelGroups groups;
    private final Policy policy;
    private final Map<String, Tensor> weights;

    ShrunkMask(ChannelGroups groups, Policy policy, Map<String, Tensor> weights) {
        this.groups = groups;
        this.policy = policy;
        this.weights = weights;
    }

    /** Removes what is below {@code share}, from 0 to 1, of its measure; bit masks belong to the open scope. */
    Mask below(double share) {
        return policy.pattern() == Pattern.ELEMENT ? elements(share) : channels(share);
    }

    private Mask elements(double share) {
        Graph graph = groups.graph();
        Map<String, BitMask> masks = new LinkedHashMap<>();
        for (Node node : graph.nodes()) {
            for (int input : node.op().weightInputs()) {
                String parameter = node.inputs().get(input);
                if (graph.parameters().containsKey(parameter)
                        && !policy.ignored().contains(node.name())) {
                    Tensor weight = weight(parameter);
                    Tensor limit = weight.square().mean().sqrt().mul(share);
                    masks.put(parameter, BitMask.pack(weight.abs().ge(limit)));
                }
            }
        }
        return Mask.of(masks, Map.of());
    }

    private Mask channels(double share) {
        Map<String, Kept> kept = new LinkedHashMap<>();
        for (ChannelGroup group : groups.prunable()) {
            double[] magnitudes = magnitudes(group);
            double limit = IntStream.range(0, magnitudes.length)
                            .mapToDouble(c -> magnitudes[c])
                            .max()
                            .orElseThrow()
                    * share;
            kept.put(
                    group.id(),
                    Kept.of(
                            group.channels(),
                            IntStream.range(0, magnitudes.length)
                                    .filter(c -> magnitudes[c] >= limit)
                                    .toArray()));
        }
        return Mask.of(Map.of(), kept);
    }

    /** Per channel the mean absolute value, over the places that it holds in parameters, of each place's own mean. */
    private double[] magnitudes(ChannelGroup group) {
        double[] sums = new double[group.channels()];
        for (Member member : group.members()) {
            if (groups.graph().isStatistic(member.parameter())) {
                continue;
            }
            Tensor weight = weight(member.parameter());
            int[] others = IntStream.range(0, weight.rank())
                    .filter(axis -> axis != member.axis())
                    .toArray();
            Tensor means = others.length == 0 ? weight.abs() : weight.abs().mean(false, others);
            float[] along = means.toFloatArray();
            for (int channel = 0; channel < sums.length; channel++) {
                for (int index : member.indices().of(channel)) {
                    sums[channel] += (double) along[index] / member.indices().copies();
                }
            }
        }
        return sums;
    }

    private Tensor weight(String parameter) {
        Tensor weight = weights.get(parameter);
        if (weight == null) {
            throw new IllegalArgumentException("there is no weight '" + parameter + "'");
        }
        return weight;
    }
}
