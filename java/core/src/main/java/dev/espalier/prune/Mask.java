package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.runtime.BitMask;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.TensorHolder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is kept of a network: single weights by parameter, channels by group, all layers but those named; what is not named is kept whole.
 *
 * <p>The words of the bit masks belong to whatever scope owns them; {@code scope.keep(mask)} moves them.
 */
public final class Mask implements TensorHolder {
    private static final Mask ALL = new Mask(Map.of(), Map.of(), Set.of());

    private final Map<String, BitMask> elements;
    private final Map<String, Kept> channels;
    private final Set<String> layers;

    private Mask(Map<String, BitMask> elements, Map<String, Kept> channels, Set<String> layers) {
        this.elements = Collections.unmodifiableMap(new LinkedHashMap<>(elements));
        this.channels = Collections.unmodifiableMap(new LinkedHashMap<>(channels));
        this.layers = Collections.unmodifiableSet(new LinkedHashSet<>(layers));
    }

    /** Everything is kept. */
    public static Mask all() {
        return ALL;
    }

    /** Single weights by parameter name, and channels by the id of their {@link ChannelGroup}. */
    public static Mask of(Map<String, BitMask> elements, Map<String, Kept> channels) {
        return new Mask(elements, channels, Set.of());
    }

    /** Everything is kept but the {@link Layer layers} of these ids. */
    public static Mask ofLayers(Set<String> removed) {
        return new Mask(Map.of(), Map.of(), removed);
    }

    /** The weights kept, by parameter. */
    public Map<String, BitMask> elements() {
        return elements;
    }

    /** The channels kept, by group id. */
    public Map<String, Kept> channels() {
        return channels;
    }

    /** The ids of the layers removed. */
    public Set<String> layers() {
        return layers;
    }

    /** Whether compaction makes a model of this mask smaller: whether it is of channels or layers. */
    public boolean isStructural() {
        return !channels.isEmpty() || !layers.isEmpty();
    }

    /** The channels kept of one group. */
    public Kept kept(ChannelGroup group) {
        Kept kept = channels.get(group.id());
        return kept == null ? Kept.all(group.channels()) : kept;
    }

    /** The share removed of the weights that have a bit mask; 0 if there is none. Waits for the device. */
    public double sparsity() {
        long all = elements.values().stream().mapToLong(m -> m.shape().numel()).sum();
        long kept = elements.values().stream().mapToLong(BitMask::kept).sum();
        return all == 0 ? 0 : (double) (all - kept) / all;
    }

    /** The share removed of the channels of all prunable groups. */
    public double channelSparsity(ChannelGroups groups) {
        long all = groups.prunable().stream().mapToLong(ChannelGroup::channels).sum();
        long kept = groups.prunable().stream().mapToLong(g -> kept(g).count()).sum();
        return all == 0 ? 0 : (double) (all - kept) / all;
    }

    /**
     * This mask followed by a further one: masks only shrink.
     *
     * @throws PruningException if the further mask keeps something that this one has removed
     */
    public Mask narrow(Mask further) {
        Map<String, BitMask> bits = new LinkedHashMap<>(elements);
        further.elements.forEach((parameter, next) -> {
            BitMask now = bits.put(parameter, next);
            require(now == null || isWithin(next, now), "mask of '" + parameter + "' would bring removed weights back");
        });
        Map<String, Kept> kept = new LinkedHashMap<>(channels);
        further.channels.forEach((group, next) -> {
            Kept now = kept.put(group, next);
            require(
                    now == null || next.isWithin(now),
                    "mask of group '" + group + "' would bring removed channels back");
        });
        Set<String> gone = new LinkedHashSet<>(layers);
        gone.addAll(further.layers);
        return new Mask(bits, kept, gone);
    }

    private static boolean isWithin(BitMask narrow, BitMask wide) {
        if (!narrow.shape().equals(wide.shape())) {
            return false;
        }
        try (Scope scope = Scope.open()) {
            return narrow.unpack().logicalAnd(wide.unpack().logicalNot()).sum().item() == 0;
        }
    }

    /**
     * Proves that this mask fits a graph.
     *
     * @throws PruningException naming the parameter, group or layer that does not exist, has another size or must stay
     */
    public void check(ChannelGroups groups) {
        Graph graph = groups.graph();
        elements.forEach((parameter, bits) -> {
            require(
                    graph.parameters().containsKey(parameter),
                    "mask names parameter '" + parameter + "', which graph '" + graph.name() + "' does not have");
            require(
                    graph.type(parameter).shape().equals(bits.shape()),
                    "mask of '" + parameter + "' has shape " + bits.shape() + " but the parameter has "
                            + graph.type(parameter).shape());
        });
        channels.forEach((id, kept) -> {
            ChannelGroup group = groups.find(id)
                    .orElseThrow(() -> new PruningException("mask names group '" + id + "', which graph '"
                            + graph.name() + "' does not have; trace it with the same ignored nodes"));
            require(
                    kept.channels() == group.channels(),
                    "mask of group '" + id + "' is for " + kept.channels() + " channels but the group has "
                            + group.channels());
            require(
                    group.prunable() || kept.count() == kept.channels(),
                    "group '" + id + "' must keep all channels: " + group.reason());
        });
        if (!layers.isEmpty()) {
            Layers.of(graph).chosen(layers);
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new PruningException(message);
        }
    }

    @Override
    public List<Tensor> tensors() {
        return elements.values().stream().map(BitMask::words).toList();
    }

    @Override
    public String toString() {
        return "mask of " + elements.size() + " parameters, " + channels.size() + " channel groups and " + layers.size()
                + " layers that go";
    }
}
