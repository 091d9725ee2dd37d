package dev.espalier.prune;

import java.util.List;

/**
 * A branch that an Add joins to another value, and that can go whole: the shortcut is then all that is left of the sum.
 *
 * @param id name of the Add
 * @param branch the value that goes
 * @param shortcut the value that stays
 * @param nodes names of the nodes that compute the branch and serve nothing else, in order
 * @param weights parameters that these nodes multiply with, moved or not
 */
public record Layer(String id, String branch, String shortcut, List<String> nodes, List<String> weights) {
    public Layer {
        nodes = List.copyOf(nodes);
        weights = List.copyOf(weights);
    }
}
