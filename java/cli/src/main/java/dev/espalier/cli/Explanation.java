package dev.espalier.cli;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.prune.ChannelGroup;
import dev.espalier.prune.ChannelGroups;
import dev.espalier.prune.Member;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Why the output channels of a node can or cannot be removed, and what goes with them.
 *
 * @param groups none if no node of the graph makes these channels
 */
record Explanation(String node, String op, List<Coupled> groups) {
    /**
     * A group that output channels of the node belong to.
     *
     * @param makers the nodes whose output channels these are
     * @param joins why makers are coupled with one another
     * @param places what loses an index with every channel that goes
     */
    record Coupled(
            String id,
            int channels,
            boolean prunable,
            String verdict,
            List<String> makers,
            List<Join> joins,
            List<Place> places) {}

    /** A node that pairs several of its inputs channel by channel. */
    record Join(String node, String op, List<String> inputs) {}

    /** An axis of a parameter with a node that uses it and what this does with the channels. */
    record Place(String parameter, int axis, String node, String op, String role) {}

    static Explanation of(ChannelGroups groups, Node node) {
        return new Explanation(
                node.name(),
                node.op().type(),
                groups.of(node).stream().map(group -> coupled(groups, group)).toList());
    }

    private static Coupled coupled(ChannelGroups groups, ChannelGroup group) {
        Graph graph = groups.graph();
        List<Join> joins = new ArrayList<>();
        for (Node node : graph.nodes()) {
            List<String> paired = data(graph, node).stream()
                    .filter(value -> groups.carries(value, group))
                    .toList();
            if (paired.size() > 1) {
                joins.add(new Join(node.name(), node.op().type(), paired));
            }
        }
        List<Place> places = new ArrayList<>();
        for (Member member : group.members()) {
            for (Node user : graph.consumers(member.parameter())) {
                places.add(new Place(
                        member.parameter(),
                        member.axis(),
                        user.name(),
                        user.op().type(),
                        role(groups, group, user)));
            }
        }
        return new Coupled(
                group.id(), group.channels(), group.prunable(), verdict(group), group.producers(), joins, places);
    }

    /** Values that a node computes with, each once, without parameters and what it multiplies by as weights. */
    private static List<String> data(Graph graph, Node node) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < node.inputs().size(); i++) {
            String value = node.inputs().get(i);
            boolean weight =
                    node.op().weightInputs().contains(i) || graph.parameters().containsKey(value);
            if (!value.isEmpty() && !weight && !values.contains(value)) {
                values.add(value);
            }
        }
        return values;
    }

    private static String role(ChannelGroups groups, ChannelGroup group, Node user) {
        boolean reads = data(groups.graph(), user).stream().anyMatch(value -> groups.carries(value, group));
        boolean gives = user.outputs().stream().anyMatch(value -> groups.carries(value, group));
        if (group.producers().contains(user.name())) {
            return reads ? "reads and makes them" : "makes them";
        }
        if (reads) {
            return gives ? "treats each by itself" : "reads them";
        }
        return "holds them";
    }

    private static String verdict(ChannelGroup group) {
        if (!group.prunable()) {
            return "must all stay: " + group.reason();
        }
        return group.approximation().isEmpty()
                ? "may be removed, and what is left computes the same"
                : "may be removed, but results change by nature: " + group.approximation();
    }

    void print(PrintWriter out) {
        if (groups.isEmpty()) {
            out.println(node + " (" + op + "): no node of the graph makes its output channels, so none can be removed");
            return;
        }
        out.println(node + " (" + op + "): its output channels belong to "
                + (groups.size() == 1 ? "one group" : groups.size() + " groups"));
        groups.forEach(group -> print(out, group));
    }

    private static void print(PrintWriter out, Coupled group) {
        out.println();
        out.println("group " + group.id() + ": " + group.channels() + " channels");
        out.println("  " + group.verdict());
        out.println("  made by " + String.join(", ", group.makers()));
        group.joins()
                .forEach(join -> out.println("  coupled by " + join.node() + " (" + join.op() + "), which pairs "
                        + join.inputs().stream().collect(Collectors.joining(" with "))));
        out.println("  a channel that goes takes its indices from");
        Table table = new Table();
        group.places()
                .forEach(place -> table.row(
                        "   ",
                        place.parameter(),
                        "axis " + place.axis(),
                        place.node() + " (" + place.op() + ") " + place.role()));
        table.print(out);
    }
}
