package dev.espalier.prune;

import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What stays whatever its importance.
 *
 * @param ignored names of nodes, or of blocks such as branches, that are left alone: no single weight of theirs is masked, their output
 *     channels stay, and the layers that they are in
 * @param inexact whether channels stay whose removal changes what the network computes by nature
 * @param ofEach the share of its channels, or of its weights, that every layer keeps, from 0 up to but not including 1
 * @param open axes of the graph's inputs that may lose indices all the same, by input, such as the columns of a table: what the model
 *     is fed is spared but for these
 */
public record Spared(Set<String> ignored, boolean inexact, double ofEach, Map<String, Set<Integer>> open) {
    /** Absorbs the rounding of products such as 0.7 * 10. */
    private static final double SLACK = 1e-9;

    /** Everything may go but what the model is fed. */
    public static final Spared NOTHING = new Spared(Set.of(), false);

    public Spared {
        if (!(ofEach >= 0 && ofEach < 1)) {
            throw new PruningException(
                    "layer-floor must be at least 0 and below 1, the share that every layer keeps, got " + ofEach);
        }
        ignored = Set.copyOf(ignored);
        Map<String, Set<Integer>> copies = new TreeMap<>();
        open.forEach((input, axes) -> copies.put(input, Set.copyOf(axes)));
        open = Map.copyOf(copies);
    }

    /** Inputs stay as they are. */
    public Spared(Set<String> ignored, boolean inexact) {
        this(ignored, inexact, 0, Map.of());
    }

    /**
     * The names of the graph's nodes that are left alone.
     *
     * @throws PruningException if a name is neither a node of the graph nor a block of some
     */
    Set<String> ignoredOf(Graph graph) {
        List<String> names = graph.nodes().stream().map(Node::name).toList();
        Set<String> found = new LinkedHashSet<>();
        for (String wanted : ignored) {
            List<String> covered =
                    names.stream().filter(name -> Budget.covers(wanted, name)).toList();
            if (covered.isEmpty()) {
                throw new PruningException("ignored node '" + wanted + "' is not in graph '" + graph.name()
                        + "'; inspect lists its nodes" + nearest(wanted, names));
            }
            found.addAll(covered);
        }
        return found;
    }

    private static String nearest(String name, List<String> names) {
        return names.stream()
                .filter(n -> n.contains(name) || name.contains(n) || n.equalsIgnoreCase(name))
                .findFirst()
                .map(n -> ", such as '" + n + "'")
                .orElse("");
    }

    /** How many of so many parts of one layer stay at least. */
    long least(long parts) {
        return (long) Math.ceil(ofEach * parts - SLACK);
    }
}
