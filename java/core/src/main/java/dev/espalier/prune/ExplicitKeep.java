package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.op.TensorType;
import dev.espalier.prune.ChannelGroups.Channel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A mask from indices that somebody has chosen: {@code {parameter: {axis: kept indices}}}.
 *
 * <p>Channels that an axis leaves out are removed everywhere. Channels that no axis of the choice touches stay.
 */
public final class ExplicitKeep {
    /** What the choice says of one channel, and where. */
    private record Verdict(boolean kept, String place) {}

    private final ChannelGroups groups;
    private final Map<String, Map<Integer, Verdict>> verdicts = new LinkedHashMap<>();

    private ExplicitKeep(ChannelGroups groups) {
        this.groups = groups;
    }

    /**
     * The mask that removes exactly what the choice leaves out.
     *
     * @throws PruningException naming the parameter, axis and index where the choice is out of range, repeats an index, contradicts
     *     itself, or asks for something that must stay
     */
    public static Mask mask(ChannelGroups groups, Map<String, Map<Integer, long[]>> choice) {
        ExplicitKeep keep = new ExplicitKeep(groups);
        choice.forEach((parameter, axes) -> axes.forEach((axis, kept) -> keep.read(parameter, axis, kept)));
        Map<String, Kept> channels = new LinkedHashMap<>();
        groups.groups().forEach(group -> {
            Map<Integer, Verdict> named = keep.verdicts.get(group.id());
            if (named != null) {
                channels.put(group.id(), kept(group, named));
            }
        });
        Mask mask = Mask.of(Map.of(), channels);
        mask.check(groups);
        return mask;
    }

    private void read(String parameter, int axis, long[] kept) {
        Graph graph = groups.graph();
        TensorType type =
                graph.parameters().getOrDefault(parameter, graph.inputs().get(parameter));
        if (type == null) {
            throw new PruningException(
                    "keep names parameter '" + parameter + "', which graph '" + graph.name() + "' does not have");
        }
        require(
                axis >= 0 && axis < type.rank() && type.dim(axis) >= 0,
                "keep names axis " + axis + " of '" + parameter + "', which has " + type.rank() + " axes");
        String place = "'" + parameter + "' axis " + axis;
        boolean[] stays = new boolean[Math.toIntExact(type.dim(axis))];
        for (long index : kept) {
            require(
                    index >= 0 && index < stays.length,
                    "keep of " + place + " has index " + index + ", expected 0 to " + (stays.length - 1));
            require(!stays[(int) index], "keep of " + place + " has index " + index + " twice");
            stays[(int) index] = true;
        }
        List<List<Channel>> along = new ArrayList<>();
        Set<Channel> needed = new HashSet<>();
        for (int i = 0; i < stays.length; i++) {
            along.add(groups.channelsOf(parameter, axis, i));
            if (stays[i]) {
                needed.addAll(along.get(i));
            }
        }
        for (int i = 0; i < stays.length; i++) {
            String here = place + " index " + i;
            List<Channel> channels = along.get(i);
            if (!stays[i]) {
                require(
                        !channels.isEmpty(),
                        "keep of " + place + " leaves out index " + i + ", which is no removable channel");
                channels = channels.size() == 1
                        ? channels
                        : channels.stream().filter(c -> !needed.contains(c)).toList();
                require(
                        !channels.isEmpty(),
                        "keep of " + place + " leaves out index " + i + ", whose row and column both have indices that"
                                + " are kept; leave out whole rows or columns");
            }
            for (Channel channel : channels) {
                judge(channel, stays[i], here);
            }
        }
    }

    private void judge(Channel channel, boolean kept, String here) {
        ChannelGroup group = channel.group();
        require(kept || group.prunable(), "keep of " + here + " leaves out what must stay: " + group.reason());
        Verdict before = verdicts.computeIfAbsent(group.id(), g -> new LinkedHashMap<>())
                .putIfAbsent(channel.number(), new Verdict(kept, here));
        require(
                before == null || before.kept() == kept,
                "keep contradicts itself: " + here + " is "
                        + (kept ? "kept" : "left out") + " but " + (before == null ? "" : before.place()) + " is "
                        + (kept ? "left out" : "kept") + ", and both are channel " + channel.number() + " of group '"
                        + group.id() + "'");
    }

    private static Kept kept(ChannelGroup group, Map<Integer, Verdict> named) {
        int[] stays = IntStream.range(0, group.channels())
                .filter(c -> named.getOrDefault(c, new Verdict(true, "")).kept())
                .toArray();
        require(
                stays.length > 0,
                "keep leaves none of the " + group.channels() + " channels of group '" + group.id()
                        + "'; at least one must stay");
        return Kept.of(group.channels(), stays);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new PruningException(message);
        }
    }
}
