package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Which groups, or parameters, are used alike: by the same operators, at the same inputs, along the same axes, equally often (Fang et al.,
 * arXiv 2407.04616). Sizes play no part.
 */
final class Isomorphism {
    private final Graph graph;

    Isomorphism(Graph graph) {
        this.graph = graph;
    }

    /** Positions in the list, those of like groups together. */
    List<List<Integer>> ofGroups(List<ChannelGroup> groups) {
        return classes(groups, this::signature);
    }

    /** As {@link #ofGroups}, of parameters. */
    List<List<Integer>> ofParameters(List<String> parameters) {
        return classes(parameters, p -> uses(p, "of rank " + graph.type(p).rank()));
    }

    private static <T> List<List<Integer>> classes(List<T> all, Function<T, List<String>> signature) {
        Map<List<String>, List<Integer>> classes = new LinkedHashMap<>();
        for (int i = 0; i < all.size(); i++) {
            classes.computeIfAbsent(signature.apply(all.get(i)), s -> new ArrayList<>())
                    .add(i);
        }
        return List.copyOf(classes.values());
    }

    private List<String> signature(ChannelGroup group) {
        List<String> all = new ArrayList<>();
        group.members().forEach(m -> all.addAll(uses(m.parameter(), "axis " + m.axis())));
        Collections.sort(all);
        return all;
    }

    private List<String> uses(String parameter, String how) {
        List<String> uses = new ArrayList<>();
        for (Node node : graph.consumers(parameter)) {
            for (int i = 0; i < node.inputs().size(); i++) {
                if (node.inputs().get(i).equals(parameter)) {
                    uses.add(node.op().type() + " input " + i + " " + how);
                }
            }
        }
        Collections.sort(uses);
        return uses;
    }
}
