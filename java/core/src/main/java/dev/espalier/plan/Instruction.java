package dev.espalier.plan;

import dev.espalier.graph.Node;

/** One node with the kernel that is pinned to it and the reason for the choice. */
public record Instruction(Node node, String kernel, String reason) {
    @Override
    public String toString() {
        return node.name() + " (" + node.op().type() + "): " + kernel + ", " + reason;
    }
}
