package dev.espalier.prune;

import java.util.Set;

/**
 * What stays whatever its importance.
 *
 * @param ignored names of nodes that are left alone: no single weight of theirs is masked, their output channels stay
 * @param inexact whether channels stay whose removal changes what the network computes by nature
 */
public record Spared(Set<String> ignored, boolean inexact) {
    /** Everything may go. */
    public static final Spared NOTHING = new Spared(Set.of(), false);

    public Spared {
        ignored = Set.copyOf(ignored);
    }
}
