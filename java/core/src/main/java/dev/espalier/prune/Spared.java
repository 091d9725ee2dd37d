package dev.espalier.prune;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What stays whatever its importance.
 *
 * @param ignored names of nodes that are left alone: no single weight of theirs is masked, their output channels stay, and the layers
 *     that they are in
 * @param inexact whether channels stay whose removal changes what the network computes by nature
 * @param open axes of the graph's inputs that may lose indices all the same, by input, such as the columns of a table: what the model
 *     is fed is spared but for these
 */
public record Spared(Set<String> ignored, boolean inexact, Map<String, Set<Integer>> open) {
    /** Everything may go but what the model is fed. */
    public static final Spared NOTHING = new Spared(Set.of(), false);

    public Spared {
        ignored = Set.copyOf(ignored);
        Map<String, Set<Integer>> copies = new TreeMap<>();
        open.forEach((input, axes) -> copies.put(input, Set.copyOf(axes)));
        open = Map.copyOf(copies);
    }

    /** Inputs stay as they are. */
    public Spared(Set<String> ignored, boolean inexact) {
        this(ignored, inexact, Map.of());
    }
}
