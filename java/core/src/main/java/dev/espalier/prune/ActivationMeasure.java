package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.TensorType;
import dev.espalier.plan.Execution;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Watches runs of a graph and averages what its channels do, over all samples, positions and values that hold a group.
 *
 * <p>The activations of a group are looked at where others read them: at values that carry all its channels along one axis and are read
 * by a node that does not merely pass them on in the same shape, as normalisations, activation functions and sums do. Of several such
 * values only those with the most positions per channel count, so that maps are seen before they are pooled.
 */
public final class ActivationMeasure implements Execution.Observer {
    /** Where a group lies in a value: the index of copy r of channel c is at c * copies + r. */
    private record Place(ChannelGroup group, String value, int axis, List<Integer> indices) {}

    /** A running mean by channel. */
    private static final class Mean {
        private final double[] sums;
        private double weight;

        Mean(int channels) {
            sums = new double[channels];
        }
    }

    private final ChannelGroups groups;
    private final Measure measure;
    private final Map<String, List<Place>> places = new HashMap<>();
    private final Map<String, Mean> means = new LinkedHashMap<>();

    /** Prepares for a measure by group of all prunable groups. */
    public ActivationMeasure(ChannelGroups groups, Measure measure) {
        if (!measure.isByGroup()) {
            throw new IllegalArgumentException(measure + " is no measure of activations");
        }
        this.groups = groups;
        this.measure = measure;
        Map<String, List<Place>> carriers = carriers();
        groups.prunable().forEach(group -> {
            means.put(group.id(), new Mean(group.channels()));
            for (Place place : chosen(carriers.getOrDefault(group.id(), List.of()))) {
                places.computeIfAbsent(place.value(), v -> new ArrayList<>()).add(place);
            }
        });
    }

    /** All places of each prunable group in the outputs of nodes, by group. */
    private Map<String, List<Place>> carriers() {
        Graph graph = groups.graph();
        Map<String, List<Place>> carriers = new HashMap<>();
        for (Node node : graph.nodes()) {
            for (String value : node.outputs()) {
                for (int axis = 0; axis < graph.type(value).rank(); axis++) {
                    for (Place place : places(value, axis)) {
                        carriers.computeIfAbsent(place.group().id(), g -> new ArrayList<>())
                                .add(place);
                    }
                }
            }
        }
        return carriers;
    }

    private List<Place> places(String value, int axis) {
        Map<ChannelGroup, Map<Integer, List<Integer>>> found = new LinkedHashMap<>();
        long length = groups.graph().type(value).dim(axis);
        for (int i = 0; i < length; i++) {
            for (ChannelGroups.Channel channel : groups.channelsOf(value, axis, i)) {
                found.computeIfAbsent(channel.group(), g -> new HashMap<>())
                        .computeIfAbsent(channel.number(), c -> new ArrayList<>())
                        .add(i);
            }
        }
        List<Place> places = new ArrayList<>();
        found.forEach((group, byChannel) -> {
            boolean even =
                    byChannel.values().stream().mapToInt(List::size).distinct().count() == 1;
            if (group.prunable() && even && byChannel.size() == group.channels()) {
                List<Integer> indices = IntStream.range(0, group.channels())
                        .boxed()
                        .flatMap(c -> byChannel.getOrDefault(c, List.of()).stream())
                        .toList();
                places.add(new Place(group, value, axis, indices));
            }
        });
        return places;
    }

    private List<Place> chosen(List<Place> carriers) {
        List<Place> read = carriers.stream().filter(p -> isRead(p, carriers)).toList();
        List<Place> candidates = read.isEmpty() ? carriers : read;
        long most = candidates.stream().mapToLong(this::positions).max().orElse(0);
        return candidates.stream().filter(p -> positions(p) == most).toList();
    }

    /** Whether a node reads the value that does not pass it on. */
    private boolean isRead(Place place, List<Place> carriers) {
        Graph graph = groups.graph();
        TensorType type = graph.type(place.value());
        for (Node node : graph.consumers(place.value())) {
            boolean passed = carriers.stream()
                    .anyMatch(p -> node.outputs().contains(p.value())
                            && p.axis() == place.axis()
                            && p.indices().equals(place.indices())
                            && graph.type(p.value()).equals(type));
            if (!passed) {
                return true;
            }
        }
        return false;
    }

    private long positions(Place place) {
        TensorType type = groups.graph().type(place.value());
        return type.numelPerSample()
                / type.dim(place.axis())
                * (place.indices().size() / place.group().channels());
    }

    /** The values that are looked at for a group. */
    Set<String> values(ChannelGroup group) {
        Set<String> values = new LinkedHashSet<>();
        places.values()
                .forEach(list ->
                        list.stream().filter(p -> p.group().equals(group)).forEach(p -> values.add(p.value())));
        return values;
    }

    @Override
    public void observe(Node node, List<@Nullable Tensor> in, List<Tensor> out) {
        for (int i = 0; i < out.size(); i++) {
            for (Place place : places.getOrDefault(node.outputs().get(i), List.of())) {
                try (Scope scope = Scope.open()) {
                    add(place, out.get(i).detach());
                }
            }
        }
    }

    private void add(Place place, Tensor value) {
        Mean mean = means.get(place.group().id());
        if (mean == null) {
            return;
        }
        double[] along = along(value, place.axis());
        double weight = (double) value.numel() / value.size(place.axis());
        int copies = place.indices().size() / mean.sums.length;
        for (int i = 0; i < place.indices().size(); i++) {
            mean.sums[i / copies] += weight * along[place.indices().get(i)] / copies;
        }
        mean.weight += weight;
    }

    /** The measure at every index along an axis, meant over all others. */
    private double[] along(Tensor value, int axis) {
        if (measure == Measure.RANKS) {
            return MapRank.along(value, axis);
        }
        int[] others = IntStream.range(0, value.rank()).filter(a -> a != axis).toArray();
        Tensor single = measure == Measure.NONZERO_SHARES
                ? value.ne(0).to(DType.F32)
                : value.to(DType.F32).abs();
        float[] means = (others.length == 0 ? single : single.mean(false, others)).toFloatArray();
        return IntStream.range(0, means.length).mapToDouble(i -> means[i]).toArray();
    }

    /** What was seen so far, one F32 tensor [channels] on the CPU per group, in the open scope. */
    public Map<String, Tensor> result() {
        Map<String, Tensor> result = new LinkedHashMap<>();
        means.forEach((id, mean) -> {
            if (mean.weight == 0) {
                throw new PruningException("no activations of group '" + id
                        + "' were seen: no value carries all its channels along one axis, or the graph was not run;"
                        + " ignore its nodes or choose another criterion");
            }
            float[] values = new float[mean.sums.length];
            for (int c = 0; c < values.length; c++) {
                values[c] = (float) (mean.sums[c] / mean.weight);
            }
            result.put(id, Tensor.of(values, values.length));
        });
        return result;
    }
}
