package dev.espalier.prune;

import java.util.List;

/**
 * Channels that are alike, each with all the places that must lose it together.
 *
 * @param id named after the nodes that produce the channels
 * @param channels how many there are
 * @param prunable whether channels may be removed; at least one always stays
 * @param reason why not, or empty
 * @param approximation why a removal changes what the network computes by nature, or empty where it is exact
 * @param producers the nodes whose output channels these are
 * @param members the places; each holds all channels of the group
 */
public record ChannelGroup(
        String id,
        int channels,
        boolean prunable,
        String reason,
        String approximation,
        List<String> producers,
        List<Member> members) {
    public ChannelGroup {
        producers = List.copyOf(producers);
        members = List.copyOf(members);
        if (channels < 1 || members.isEmpty() || producers.isEmpty()) {
            throw new IllegalArgumentException("group '" + id + "' needs channels, members and producers");
        }
        if (prunable != reason.isEmpty()) {
            throw new IllegalArgumentException("group '" + id + "' must give a reason exactly if it is not prunable");
        }
        for (Member member : members) {
            if (member.indices().channels() != channels) {
                throw new IllegalArgumentException(
                        "group '" + id + "' has " + channels + " channels but its member is " + member);
            }
        }
    }
}
