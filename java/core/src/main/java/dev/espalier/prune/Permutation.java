package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.WeightAxes;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Arranges the channels of a model so that a grain of weights costs less: those with large weights at the same places come to lie next to
 * each other where they share decisions, and apart where a number of each group stays.
 *
 * <p>The channels of a group change places at all its places alike, producers, biases, normalisation and readers, so what the network
 * computes stays. That is proved in F64, for each group by itself where not for all at once; what is not proved stays as it is, as do
 * groups that must keep their channels.
 */
public final class Permutation {
    private static final long SAMPLE_SEED = 20_240_301;
    /** Columns that are looked at of each row, evenly spread. */
    private static final int COLUMNS = 512;
    /** Gains below rounding are none. */
    private static final double LEAST_GAIN = 1 + 1e-6;

    /** Where the order of a group's channels matters to the grain. */
    private record Place(Member member, Granules granules) {}

    private final Model model;
    private final Policy policy;
    private final ChannelGroups groups;
    private final Map<String, Tensor> weights;
    /** Parameters that may be masked. */
    private final Set<String> eligible;

    private final List<Map<String, Tensor>> samples;
    private final List<Frozen> left = new ArrayList<>();

    private Permutation(Model model, Policy policy) {
        this.model = model;
        this.policy = policy;
        this.groups = ChannelGroups.trace(model.graph(), policy.ignored());
        this.samples = Samples.normal(model.graph(), SAMPLE_SEED);
        this.eligible = Set.copyOf(ElementStep.eligible(model.graph(), policy.ignoredOf(model.graph())));
        Map<String, Tensor> plain = new HashMap<>();
        model.weights().asMap().forEach((name, tensor) -> plain.put(name, tensor.detach()));
        this.weights = EqualityProof.onHost(plain);
    }

    /**
     * The model with its channels arranged for the policy's grain and target, by the magnitudes of its weights.
     *
     * @throws PruningException if the grain is of single weights, to which no order matters
     */
    public static Permuted of(Model model, Policy policy) {
        if (policy.grain().isSingle()) {
            throw new PruningException("the order of channels matters only where weights share decisions: prune N:M,"
                    + " vectors or blocks");
        }
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            Permutation permutation = new Permutation(model, policy);
            return permutation.arrange(permutation.better());
        }
    }

    /** The model with the channels of these groups in these orders, by id, as far as they are proved to change nothing. */
    static Permuted of(Model model, Policy policy, Map<String, int[]> orders) {
        try (Scope scope = Scope.open();
                Grad off = Grad.disabled()) {
            return new Permutation(model, policy).arrange(orders);
        }
    }

    /** By group the order in which more is kept, where one was found. */
    private Map<String, int[]> better() {
        Map<String, int[]> found = new LinkedHashMap<>();
        for (ChannelGroup group : groups.prunable()) {
            try (Scope scope = Scope.open()) {
                order(group).ifPresent(order -> found.put(group.id(), order));
            }
        }
        return found;
    }

    private Permuted arrange(Map<String, int[]> orders) {
        Map<String, int[]> safe = proved(orders);
        Map<String, Tensor> arranged = arranged(groups, safe, weights);
        Set<String> all = new LinkedHashSet<>();
        groups.prunable()
                .forEach(group -> places(group).forEach(p -> all.add(p.member().parameter())));
        Map<String, Tensor> own = new LinkedHashMap<>();
        model.weights()
                .asMap()
                .forEach((name, tensor) -> own.put(
                        name,
                        arranged.getOrDefault(name, tensor)
                                .to(tensor.device())
                                .detach()
                                .copy()));
        return new Permuted(
                new Model(model.graph(), Weights.adopt(own), model.metadata()),
                List.copyOf(safe.keySet()),
                left,
                keptShare(all, weights),
                keptShare(all, arranged));
    }

    /** An order of the group's channels that keeps more than the one they have. */
    private Optional<int[]> order(ChannelGroup group) {
        List<Place> places = places(group);
        if (places.isEmpty()) {
            return Optional.empty();
        }
        float[][] rows = rows(group, places);
        int[] order;
        if (policy.grain() instanceof Grain.NOfM pattern) {
            order = Clustering.apart(rows, pattern.kept(), pattern.of());
        } else {
            Grain.Block block = (Grain.Block) policy.grain();
            order = Clustering.together(
                    rows,
                    Math.max(block.outputs(), block.inputs()),
                    policy.budget().target());
        }
        Set<String> parameters = new LinkedHashSet<>();
        places.forEach(place -> parameters.add(place.member().parameter()));
        Map<String, Tensor> arranged = arranged(groups, Map.of(group.id(), order), weights);
        boolean better = keptShare(parameters, arranged) > keptShare(parameters, weights) * LEAST_GAIN;
        return better ? Optional.of(order) : Optional.empty();
    }

    /** The places of a group along the axis that the grain spans furthest. */
    private List<Place> places(ChannelGroup group) {
        boolean byInputs = policy.grain() instanceof Grain.NOfM
                || (policy.grain() instanceof Grain.Block block && block.inputs() > block.outputs());
        Graph graph = groups.graph();
        List<Place> places = new ArrayList<>();
        for (Member member : group.members()) {
            Optional<WeightAxes> axes =
                    eligible.contains(member.parameter()) ? Granules.axes(graph, member.parameter()) : Optional.empty();
            axes.filter(own -> (byInputs ? own.inputs() : own.outputs()) == member.axis())
                    .flatMap(own -> Granules.of(graph, member.parameter(), policy.grain()))
                    .ifPresent(granules -> places.add(new Place(member, granules)));
        }
        return places;
    }

    /** Magnitudes by channel, at an even spread of what the channel holds at these places. */
    private float[][] rows(ChannelGroup group, List<Place> places) {
        long all = places.stream().mapToLong(this::columns).sum();
        double step = Math.max(1, (double) all / COLUMNS);
        int count = (int) Math.ceil(all / step);
        float[][] rows = new float[group.channels()][count];
        long before = 0;
        for (Place place : places) {
            IndexMap indices = place.member().indices();
            Tensor weight = weight(place.member().parameter()).abs().to(DType.F32);
            int length = Math.toIntExact(weight.size(place.member().axis()));
            float[] values =
                    weight.transpose(0, place.member().axis()).contiguous().toFloatArray();
            int rest = values.length / length;
            for (int i = 0; i < count; i++) {
                long at = (long) (i * step) - before;
                if (at >= 0 && at < columns(place)) {
                    for (int channel = 0; channel < rows.length; channel++) {
                        int index = indices.at(channel, (int) (at / rest));
                        rows[channel][i] = values[index * rest + (int) (at % rest)];
                    }
                }
            }
            before += columns(place);
        }
        return rows;
    }

    /** Weights that one channel holds at a place. */
    private long columns(Place place) {
        Member member = place.member();
        Tensor weight = weight(member.parameter());
        return weight.numel() / weight.size(member.axis()) * member.indices().copies();
    }

    private Tensor weight(String parameter) {
        Tensor weight = weights.get(parameter);
        if (weight == null) {
            throw new PruningException("there is no weight '" + parameter + "'");
        }
        return weight;
    }

    /** The share of the magnitudes that stays when each of these parameters is pruned to the target. */
    private double keptShare(Set<String> parameters, Map<String, Tensor> from) {
        double kept = 0;
        double all = 0;
        for (String parameter : parameters) {
            try (Scope scope = Scope.open()) {
                Granules granules =
                        Granules.of(groups.graph(), parameter, policy.grain()).orElseThrow();
                Tensor magnitude =
                        from.getOrDefault(parameter, weight(parameter)).abs().to(DType.F32);
                long wanted = Math.round(policy.budget().target() * granules.weights());
                BitMask bits = Granules.masks(List.of(granules), List.of(granules.scores(magnitude)), wanted)
                        .get(0);
                Tensor stays = granules.spell(bits, magnitude).unpack();
                kept += magnitude.mul(stays).to(DType.F64).sum().item();
                all += magnitude.to(DType.F64).sum().item();
            }
        }
        return all == 0 ? 1 : kept / all;
    }

    /** All tensors with the channels of these groups in their new order; those that no group touches are shared. */
    static Map<String, Tensor> arranged(ChannelGroups groups, Map<String, int[]> orders, Map<String, Tensor> from) {
        Map<String, Tensor> arranged = new HashMap<>(from);
        orders.forEach((id, order) -> {
            for (Member member : groups.find(id).orElseThrow().members()) {
                arranged.computeIfPresent(
                        member.parameter(), (name, tensor) -> arranged(tensor, member.axis(), member.indices(), order));
            }
        });
        return arranged;
    }

    private static Tensor arranged(Tensor tensor, int axis, IndexMap indices, int[] order) {
        int[] from = IntStream.range(0, Math.toIntExact(tensor.size(axis))).toArray();
        for (int place = 0; place < order.length; place++) {
            for (int copy = 0; copy < indices.copies(); copy++) {
                from[indices.at(place, copy)] = indices.at(order[place], copy);
            }
        }
        return tensor.indexSelect(axis, Indices.tensor(from, tensor.device()));
    }

    /** Those orders that are proved to change nothing; none where the network's outputs prove nothing. */
    private Map<String, int[]> proved(Map<String, int[]> orders) {
        try {
            return safe(orders);
        } catch (CompactionException e) {
            left.clear();
            orders.keySet().forEach(id -> left.add(new Frozen(id, "no order is proved: " + e.getMessage())));
            return Map.of();
        }
    }

    private Map<String, int[]> safe(Map<String, int[]> orders) {
        if (orders.isEmpty() || isProved(orders)) {
            return orders;
        }
        List<String> ids = List.copyOf(orders.keySet());
        if (ids.size() == 1) {
            left.add(new Frozen(ids.get(0), "that its channels may change places is not proved"));
            return Map.of();
        }
        Map<String, int[]> safe = new LinkedHashMap<>();
        for (List<String> half : List.of(ids.subList(0, ids.size() / 2), ids.subList(ids.size() / 2, ids.size()))) {
            Map<String, int[]> part = new LinkedHashMap<>(orders);
            part.keySet().retainAll(half);
            safe.putAll(safe(part));
        }
        if (safe.isEmpty() || isProved(safe)) {
            return safe;
        }
        safe.keySet().forEach(id -> left.add(new Frozen(id, "its order is proved alone but not beside others")));
        return Map.of();
    }

    private boolean isProved(Map<String, int[]> orders) {
        try (Scope scope = Scope.open()) {
            Graph graph = model.graph();
            return new EqualityProof(graph, weights, graph, arranged(groups, orders, weights))
                    .compareSharply(samples)
                    .passed();
        }
    }

    /**
     * A model in which channels have changed places.
     *
     * @param model computes the same; to be closed by the caller
     * @param groups ids of the groups that were arranged
     * @param left groups whose new order was not proved and that stay as they were
     * @param keptBefore the share of the magnitudes that the pattern would have kept, of parameters in which the order matters
     * @param keptAfter the share that it keeps now
     */
    public record Permuted(Model model, List<String> groups, List<Frozen> left, double keptBefore, double keptAfter)
            implements AutoCloseable {
        public Permuted {
            groups = List.copyOf(groups);
            left = List.copyOf(left);
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "arranged the channels of %d groups: the pattern keeps %.2f %% of the magnitudes, %.2f %% before%s",
                    groups.size(),
                    100 * keptAfter,
                    100 * keptBefore,
                    left.isEmpty() ? "" : "; not proved and left alone: " + left);
        }

        @Override
        public void close() {
            model.close();
        }
    }
}
