package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.BatchNormalization;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Kernels;
import dev.espalier.runtime.Kernels.ChannelSlice;
import dev.espalier.runtime.Kernels.Importance;
import dev.espalier.runtime.Kernels.Norm;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Scores of the channels of groups, comparable as far as the scope asks.
 *
 * <p>Running statistics take no part. So that wide layers do not win by their size, a sum becomes a mean per element, a Euclidean norm
 * a root mean square. Additive scores stay plain sums: all of them estimate a change of the same number. A part is what is reduced at
 * once: all places of a group, or each of them if they are aggregated afterwards.
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
        if (policy.criterion() == Criterion.RANDOM) {
            return groups.stream().map(this::random).toList();
        }
        boolean whole = policy.criterion().measure().filter(Measure::isByGroup).isPresent();
        List<Tensor> scores = whole ? groups.stream().map(this::measured).toList() : aggregated(groups, mask);
        Normalisation normalisation = policy.normalisation();
        return IntStream.range(0, groups.size())
                .mapToObj(i -> normalisation.of(scores.get(i), mask.kept(groups.get(i))))
                .toList();
    }

    private Tensor random(ChannelGroup group) {
        return RandomScores.draw(policy.seed(), group.id(), group.channels()).to(device(group));
    }

    private Device device(ChannelGroup group) {
        // The places in inputs come last.
        return evidence.weight(group.members().get(0).parameter()).device();
    }

    private Tensor measured(ChannelGroup group) {
        return evidence.of(policy.criterion().measure().orElseThrow(), group.id())
                .detach()
                .to(device(group));
    }

    private List<Tensor> aggregated(List<ChannelGroup> groups, Mask mask) {
        Aggregation aggregation = policy.ranking().aggregation();
        List<List<Member>> parts = new ArrayList<>();
        List<Kept> kept = new ArrayList<>();
        List<Integer> counts = new ArrayList<>();
        for (ChannelGroup group : groups) {
            List<Member> members = scored(group);
            if (aggregation == Aggregation.TOGETHER) {
                parts.add(members);
                counts.add(1);
            } else {
                members.forEach(m -> parts.add(List.of(m)));
                counts.add(members.size());
            }
            while (kept.size() < parts.size()) {
                kept.add(mask.kept(group));
            }
        }
        List<Tensor> scores = score(parts, kept);
        List<Tensor> aggregated = new ArrayList<>();
        int from = 0;
        for (int count : counts) {
            aggregated.add(aggregation.of(scores.subList(from, from + count)));
            from += count;
        }
        return aggregated;
    }

    /** The places that the criterion looks at. */
    private List<Member> scored(ChannelGroup group) {
        List<Member> members = group.members().stream()
                .filter(m -> graph.parameters().containsKey(m.parameter()) && !graph.isStatistic(m.parameter()))
                .filter(m -> switch (policy.criterion()) {
                    case BN_SCALE -> isNormalisationScale(m.parameter());
                    case WANDA -> evidence.has(Measure.INPUT_NORMS, m.parameter());
                    default -> true;
                })
                .toList();
        if (members.isEmpty()) {
            throw new PruningException("criterion " + policy.criterion() + " cannot score group '" + group.id() + "': "
                    + (policy.criterion() == Criterion.BN_SCALE
                            ? "no batch normalisation belongs to it"
                            : "it has no weights to score")
                    + "; ignore its nodes or choose another criterion");
        }
        return members;
    }

    private boolean isNormalisationScale(String parameter) {
        for (Node node : graph.consumers(parameter)) {
            if (node.op() instanceof BatchNormalization && node.inputs().get(1).equals(parameter)) {
                return true;
            }
        }
        return false;
    }

    /** One tensor [channels] per part, of whose channels these are kept. */
    private List<Tensor> score(List<List<Member>> parts, List<Kept> kept) {
        return switch (policy.criterion()) {
            case L1, L2, BN_SCALE, LINF -> norms(Importance.MAGNITUDE, parts);
            case GRADIENT -> norms(Importance.GRADIENT, parts);
            case SIGNED_GRADIENT -> norms(Importance.SIGNED_GRADIENT, parts);
            case TAYLOR -> norms(Importance.TAYLOR, parts);
            case FPGM ->
                IntStream.range(0, parts.size())
                        .mapToObj(i -> distances(parts.get(i), kept.get(i)))
                        .toList();
            default -> sums(parts);
        };
    }

    private List<Tensor> norms(Importance importance, List<List<Member>> parts) {
        Norm norm = switch (policy.criterion()) {
            case L2 -> Norm.L2;
            case LINF -> Norm.LINF;
            default -> Norm.L1;
        };
        List<List<ChannelSlice>> slices = parts.stream()
                .map(part -> part.stream().map(m -> slice(m, importance)).toList())
                .toList();
        Device device = slices.get(0).get(0).weight().device();
        List<Tensor> norms = Kernels.on(device).scoreChannels(importance, norm, slices);
        return scaled(norms, parts);
    }

    /** Indices that are no run are first gathered into one. */
    private ChannelSlice slice(Member member, Importance importance) {
        IndexMap indices = member.indices();
        Tensor weight = evidence.weight(member.parameter()).detach();
        Tensor gradient = importance.needsGradient()
                ? evidence.of(Measure.GRADIENTS, member.parameter()).detach()
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

    /** Per channel the sum of the scores of its single weights. */
    private List<Tensor> sums(List<List<Member>> parts) {
        List<String> parameters = parts.stream()
                .flatMap(List::stream)
                .map(Member::parameter)
                .distinct()
                .toList();
        List<Tensor> elements = new ElementScores(policy, evidence).of(parameters);
        Map<String, Tensor> byParameter = new TreeMap<>();
        for (int i = 0; i < parameters.size(); i++) {
            byParameter.put(parameters.get(i), elements.get(i));
        }
        List<Tensor> sums = new ArrayList<>();
        for (List<Member> part : parts) {
            sums.add(Aggregation.SUM.of(part.stream()
                    .map(m -> rows(Objects.requireNonNull(byParameter.get(m.parameter())), m)
                            .sum(false, 1))
                    .toList()));
        }
        return scaled(sums, parts);
    }

    /** Per channel the sum of the Euclidean distances to all channels that are kept, over all elements of the part. */
    private Tensor distances(List<Member> part, Kept kept) {
        try (Scope scope = Scope.open()) {
            Tensor rows = Tensor.cat(
                    part.stream()
                            .map(m -> rows(evidence.weight(m.parameter()).detach(), m))
                            .toList(),
                    1);
            Tensor left = rows.indexSelect(0, Indices.tensor(kept.indices(), rows.device()));
            List<Tensor> sums = new ArrayList<>();
            for (long c = 0; c < rows.size(0); c++) {
                try (Scope temporaries = Scope.open()) {
                    Tensor others =
                            left.sub(rows.select(0, c)).square().sum(false, 1).sqrt();
                    sums.add(temporaries.keep(others.sum()));
                }
            }
            // The mean distance of channels, per element as a root mean square.
            return scope.keep(Tensor.stack(sums, 0).div((double) left.size(0) * Math.sqrt((double) rows.size(1))));
        }
    }

    /** The elements of each channel at a place, [channels, elements]. */
    private static Tensor rows(Tensor weight, Member member) {
        Tensor order = Indices.tensor(member.indices().all(), weight.device());
        return weight.transpose(0, member.axis())
                .indexSelect(0, order)
                .reshape(member.indices().channels(), -1);
    }

    private List<Tensor> scaled(List<Tensor> scores, List<List<Member>> parts) {
        return IntStream.range(0, parts.size())
                .mapToObj(i -> scores.get(i).div(scale(parts.get(i))))
                .toList();
    }

    private double scale(List<Member> part) {
        double elements = part.stream()
                .mapToDouble(m -> {
                    TensorType type = graph.type(m.parameter());
                    return (double) type.numelPerSample()
                            / type.dim(m.axis())
                            * m.indices().copies();
                })
                .sum();
        if (policy.criterion().isAdditive()) {
            return 1;
        }
        return switch (policy.criterion()) {
            case L2 -> Math.sqrt(elements);
            case LINF -> 1;
            default -> elements;
        };
    }
}
