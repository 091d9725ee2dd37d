package dev.espalier.prune;

import java.util.Set;

/**
 * What stays whatever its importance.
 *
 * @param ignored names of nodes that are left alone: no single weight of theirs is masked, their output channels stay
 * @param inexact whether channels stay whose removal changes what the network computes by nature
 * @param ofEach the share of its channels, or of its weights, that every layer keeps, from 0 up to but not including 1
 */
public record Spared(Set<String> ignored, boolean inexact, double ofEach) {
    /** Absorbs the rounding of products such as 0.7 * 10. */
    private static final double SLACK = 1e-9;

    /** Everything may go. */
    public static final Spared NOTHING = new Spared(Set.of(), false, 0);

    public Spared {
        if (!(ofEach >= 0 && ofEach < 1)) {
            throw new PruningException(
                    "layer-floor must be at least 0 and below 1, the share that every layer keeps, got " + ofEach);
        }
        ignored = Set.copyOf(ignored);
    }

    /** How many of so many parts of one layer stay at least. */
    long least(long parts) {
        return (long) Math.ceil(ofEach * parts - SLACK);
    }
}
