package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.ChannelIds;
import dev.espalier.op.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The channel dependencies of a graph: which places lose a channel together, and which channels must stay. */
public final class ChannelGroups {
    /** A channel of a group, by number. */
    record Channel(ChannelGroup group, int number) {}

    private final Graph graph;
    private final ChannelTracer tracer;
    private final Map<String, ChannelGroup> groups = new LinkedHashMap<>();
    /** By class, null where the class is no channel of a group. */
    private final @Nullable Channel[] channels;

    private final List<Frozen> frozen;

    private ChannelGroups(Graph graph, Spared spared) {
        this.graph = graph;
        this.tracer = ChannelTracer.run(graph, spared.ignoredOf(graph), spared.open());
        this.channels = new Channel[tracer.classes()];
        new Grouping(graph, tracer, spared.inexact()).channels().forEach((c, channel) -> {
            channels[c] = channel;
            groups.put(channel.group().id(), channel.group());
        });
        Set<Frozen> reasons = new LinkedHashSet<>();
        for (ChannelGroup group : groups.values()) {
            if (!group.prunable()) {
                group.producers().forEach(node -> reasons.add(new Frozen(node, group.reason())));
            }
        }
        this.frozen = List.copyOf(reasons);
    }

    /**
     * Runs the graph on channel ids.
     *
     * @param spared names of nodes, or of blocks of them, whose own output channels must stay, while their inputs still follow what feeds them; whether
     *     channels must stay whose removal changes what the network computes by nature; axes of inputs that may lose indices
     * @throws PruningException if an ignored name is no node or block of the graph, or an input cannot lose indices along an open axis
     */
    public static ChannelGroups trace(Graph graph, Spared spared) {
        spared.open().forEach((input, axes) -> axes.forEach(axis -> checkOpen(graph, input, axis)));
        ChannelGroups groups = new ChannelGroups(graph, spared);
        spared.open().forEach((input, axes) -> axes.forEach(axis -> groups.checkOpen(input, axis)));
        return groups;
    }

    private static void checkOpen(Graph graph, String input, int axis) {
        TensorType type = graph.inputs().get(input);
        if (type == null) {
            throw new PruningException("graph '" + graph.name() + "' has no input '" + input + "', only "
                    + graph.inputs().keySet());
        }
        if (axis < 1 || axis >= type.rank()) {
            throw new PruningException("axis " + axis + " of input '" + input
                    + "' is none of its axes behind the batch: it" + " takes " + type);
        }
    }

    /** Refuses an axis of which nothing can go. */
    private void checkOpen(String input, int axis) {
        List<ChannelGroup> along = IntStream.range(0, (int) graph.type(input).dim(axis))
                .mapToObj(i -> channelsOf(input, axis, i))
                .flatMap(List::stream)
                .map(Channel::group)
                .toList();
        if (along.stream().noneMatch(ChannelGroup::prunable)) {
            throw new PruningException("input '" + input + "' cannot lose indices along axis " + axis + ": "
                    + along.stream().map(ChannelGroup::reason).findFirst().orElse("nothing reads them"));
        }
    }

    /** As {@link #trace(Graph, Spared)}, all inputs as they are. */
    public static ChannelGroups trace(Graph graph, Set<String> ignored, boolean exactOnly) {
        return trace(graph, new Spared(ignored, exactOnly));
    }

    /** As {@link #trace(Graph, Set, boolean)}, removals by nature inexact allowed. */
    public static ChannelGroups trace(Graph graph, Set<String> ignored) {
        return trace(graph, ignored, false);
    }

    /** As {@link #trace(Graph, Set)} with no node ignored. */
    public static ChannelGroups trace(Graph graph) {
        return trace(graph, Set.of());
    }

    /** The graph that was traced. */
    public Graph graph() {
        return graph;
    }

    /** All groups in the order in which the graph produces them. */
    public List<ChannelGroup> groups() {
        return List.copyOf(groups.values());
    }

    /** The groups that may lose channels. */
    public List<ChannelGroup> prunable() {
        return groups.values().stream().filter(ChannelGroup::prunable).toList();
    }

    /** The group of this id, if there is one. */
    public Optional<ChannelGroup> find(String id) {
        return Optional.ofNullable(groups.get(id));
    }

    /** The groups that any channel of a node's outputs belongs to, in the order in which the graph produces them. */
    public List<ChannelGroup> of(Node node) {
        return groups.values().stream()
                .filter(group -> node.outputs().stream().anyMatch(value -> carries(value, group)))
                .toList();
    }

    /** Whether an input, parameter or computed value holds any channel of a group. */
    public boolean carries(String value, ChannelGroup group) {
        if (value.isEmpty()) {
            return false;
        }
        ChannelIds ids = tracer.idsOf(value);
        return IntStream.range(0, ids.rank())
                .flatMap(axis -> Arrays.stream(ids.at(axis)))
                .flatMap(id -> Arrays.stream(tracer.leavesOf(id)))
                .mapToObj(leaf -> channels[leaf])
                .anyMatch(channel -> channel != null && channel.group().id().equals(group.id()));
    }

    /** Every node whose output channels must stay, with the reason. */
    public List<Frozen> frozen() {
        return frozen;
    }

    /** The channels of which one must go for an index along an axis of any value to go; none where the index stays. */
    List<Channel> channelsOf(String value, int axis, int index) {
        ChannelIds ids = tracer.idsOf(value);
        return ids.isFixed(axis)
                ? List.of()
                : Arrays.stream(tracer.leavesOf(ids.at(axis)[index]))
                        .mapToObj(leaf -> channels[leaf])
                        .filter(Objects::nonNull)
                        .toList();
    }

    /** For every index along an axis of any value, of one sample where the axis is open, whether it stays when groups keep these channels, by id, and the others all. */
    boolean[] kept(String value, int fromEitherEnd, Map<String, Kept> choice) {
        ChannelIds ids = tracer.idsOf(value);
        int axis = fromEitherEnd < 0 ? fromEitherEnd + ids.rank() : fromEitherEnd;
        boolean[] kept = new boolean[Math.toIntExact(Math.abs(graph.type(value).dim(axis)))];
        Arrays.fill(kept, true);
        int[] along = ids.at(axis);
        for (int i = 0; i < along.length; i++) {
            for (int leaf : tracer.leavesOf(along[i])) {
                Channel channel = channels[leaf];
                Kept group = channel == null ? null : choice.get(channel.group().id());
                kept[i] &= group == null || group.has(channel.number());
            }
        }
        return kept;
    }

    /** Parameters that are members of a prunable group, in graph order. */
    List<String> affected() {
        Set<String> members = new LinkedHashSet<>();
        prunable().forEach(group -> group.members().forEach(m -> members.add(m.parameter())));
        List<String> ordered = new ArrayList<>(graph.parameters().keySet());
        ordered.retainAll(members);
        return ordered;
    }
}
