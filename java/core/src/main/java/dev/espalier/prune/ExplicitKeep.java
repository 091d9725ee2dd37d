package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.op.TensorType;
import dev.espalier.prune.ChannelGroups.Channel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

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
        TensorType type = graph.parameters().get(parameter);
        require(
                type != null,
                "keep names parameter '" + parameter + "', which graph '" + graph.name() + "' does not have");
        require(
                type != null && axis >= 0 && axis < type.rank(),
                "keep names axis " + axis + " of '" + parameter + "', which has " + (type == null ? 0 : type.rank())
                        + " axes");
        String place = "'" + parameter + "' axis " + axis;
        Channel[] along = groups.channelsOf(parameter, axis);
        boolean[] stays = new boolean[along.length];
        for (long index : kept) {
            require(
                    index >= 0 && index < along.length,
                    "keep of " + place + " has index " + index + ", expected 0 to " + (along.length - 1));
            require(!stays[(int) index], "keep of " + place + " has index " + index + " twice");
            stays[(int) index] = true;
        }
        for (int i = 0; i < along.length; i++) {
            judge(along[i], stays[i], place, i);
        }
    }

    private void judge(@Nullable Channel channel, boolean kept, String place, int index) {
        if (channel == null) {
            require(kept, "keep of " + place + " leaves out index " + index + ", which is no removable channel");
            return;
        }
        ChannelGroup group = channel.group();
        require(
                kept || group.prunable(),
                "keep of " + place + " leaves out index " + index + ", which must stay: " + group.reason());
        String here = place + " index " + index;
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
