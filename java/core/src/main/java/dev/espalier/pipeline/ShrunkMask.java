package dev.espalier.pipeline;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Recurrence;
import dev.espalier.prune.ChannelGroup;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Kept;
import dev.espalier.prune.Mask;
import dev.espalier.prune.Member;
import dev.espalier.prune.Pattern;
import dev.espalier.prune.Policy;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The mask that removes what a penalty has shrunk in training: single weights far below the root mean square of their
 * parameter, or channels all of whose filters, all of whose normalisation scales or all of whose readers are far weaker than those of
 * the strongest channel. A penalty may shrink one of the three alone, and that silences the channel; but where a normalisation follows,
 * it makes up for small filters, so only such count as are zero. What the shift of a normalisation adds to such a channel goes with it.
 */
public final class ShrunkMask {
    private static final Set<String> NORMALISATIONS =
            Set.of("BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization");

    /** What multiplies a channel. */
    private enum Part {
        FILTERS,
        SCALES,
        READERS
    }

    private record Place(String parameter, int axis) {}

    private final ChannelGroups groups;
    private final Policy policy;
    private final Map<String, Tensor> weights;
    private final Map<Place, Part> places;
    /** Of recurrent layers, whose biases have an axis for the direction. */
    private final Set<String> biases;

    /**
     * Prepares to look at a network's weights.
     *
     * @param groups traced on the graph of {@code weights}
     * @param policy says whether single weights or channels go, and which nodes keep all of theirs
     */
    public ShrunkMask(ChannelGroups groups, Policy policy, Map<String, Tensor> weights) {
        this.groups = groups;
        this.policy = policy;
        this.weights = weights;
        this.places = places(groups.graph());
        this.biases = groups.graph().nodes().stream()
                .filter(node -> node.op() instanceof Recurrence && node.inputs().size() > 3)
                .map(node -> node.inputs().get(3))
                .collect(Collectors.toSet());
    }

    /** Removes what is below {@code share}, from 0 to 1, of its measure; bit masks belong to the open scope. */
    public Mask below(double share) {
        return policy.pattern() == Pattern.ELEMENT ? elements(share) : channels(share);
    }

    private Mask elements(double share) {
        Graph graph = groups.graph();
        Set<String> ignored = policy.ignoredOf(graph);
        Map<String, BitMask> masks = new LinkedHashMap<>();
        for (Node node : graph.nodes()) {
            for (int input : node.op().weightInputs()) {
                String parameter = node.inputs().get(input);
                if (graph.parameters().containsKey(parameter) && !ignored.contains(node.name())) {
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
            double[] strengths = strengths(group);
            double limit = Math.min(share, DoubleStream.of(strengths).max().orElseThrow());
            kept.put(
                    group.id(),
                    Kept.of(
                            group.channels(),
                            IntStream.range(0, strengths.length)
                                    .filter(c -> strengths[c] >= limit)
                                    .toArray()));
        }
        return Mask.of(Map.of(), kept);
    }

    /**
     * Per channel a number from 0 to 1. Within a place it is the mean magnitude beside the strongest channel's; a channel is as strong
     * as the strongest of its filters, of its scales and of its readers, and no stronger than the weakest of these three.
     */
    private double[] strengths(ChannelGroup group) {
        Map<Part, double[]> parts = new EnumMap<>(Part.class);
        for (Member member : group.members()) {
            Part part = part(member);
            if (part != null) {
                double[] own = magnitudes(member, group.channels());
                double strongest = Math.max(DoubleStream.of(own).max().orElseThrow(), Double.MIN_NORMAL);
                double[] most = parts.computeIfAbsent(part, first -> new double[own.length]);
                Arrays.setAll(most, c -> Math.max(most[c], own[c] / strongest));
            }
        }
        if (parts.containsKey(Part.SCALES) && parts.containsKey(Part.FILTERS)) {
            double[] filters = parts.get(Part.FILTERS);
            Arrays.setAll(filters, c -> filters[c] > 0 ? 1 : 0);
        }
        double[] least = new double[group.channels()];
        Arrays.setAll(
                least,
                c -> parts.values().stream().mapToDouble(most -> most[c]).min().orElse(1));
        return least;
    }

    /** Tables and whole maps that are looked up or added write a channel as filters do; vectors that are added are biases. */
    private @Nullable Part part(Member member) {
        Part known = places.get(new Place(member.parameter(), member.axis()));
        boolean writes = graph().type(member.parameter()).rank() > 1
                && !graph().isStatistic(member.parameter())
                && !biases.contains(member.parameter());
        return known == null && writes ? Part.FILTERS : known;
    }

    private Graph graph() {
        return groups.graph();
    }

    private double[] magnitudes(Member member, int channels) {
        Tensor weight = weight(member.parameter());
        int[] others = IntStream.range(0, weight.rank())
                .filter(axis -> axis != member.axis())
                .toArray();
        Tensor means = others.length == 0 ? weight.abs() : weight.abs().mean(false, others);
        float[] along = means.toFloatArray();
        double[] magnitudes = new double[channels];
        Arrays.setAll(
                magnitudes,
                channel -> IntStream.of(member.indices().of(channel))
                        .mapToDouble(index -> along[index])
                        .average()
                        .orElse(0));
        return magnitudes;
    }

    /** Which axes of which parameters multiply a channel, and as what; what is added to it does not count. */
    private static Map<Place, Part> places(Graph graph) {
        Map<Place, Part> places = new HashMap<>();
        for (Node node : graph.nodes()) {
            if (NORMALISATIONS.contains(node.op().type())) {
                places.put(new Place(node.inputs().get(1), 0), Part.SCALES);
            }
            for (int input : node.op().weightInputs()) {
                String parameter = node.inputs().get(input);
                if (graph.parameters().containsKey(parameter)) {
                    int rank = graph.type(parameter).rank();
                    node.op().weightAxes(input, rank).ifPresent(axes -> {
                        places.put(new Place(parameter, axes.inputs()), Part.READERS);
                        places.put(new Place(parameter, axes.outputs()), Part.FILTERS);
                    });
                }
            }
        }
        return places;
    }

    private Tensor weight(String parameter) {
        Tensor weight = weights.get(parameter);
        if (weight == null) {
            throw new IllegalArgumentException("there is no weight '" + parameter + "'");
        }
        return weight;
    }
}
