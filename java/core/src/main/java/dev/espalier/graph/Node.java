package dev.espalier.graph;

import dev.espalier.op.Op;
import java.util.List;

/** One application of an operator to named values; an empty input name stands for an optional input that is left out. */
public record Node(String name, Op op, List<String> inputs, List<String> outputs) {
    public Node {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        if (name.isEmpty()) {
            throw new GraphException("a node of type " + op.type() + " with outputs " + outputs + " has no name");
        }
        if (outputs.isEmpty() || outputs.contains("")) {
            throw new GraphException("node '" + name + "' must name all its outputs, got " + outputs);
        }
    }

    /** The only output of a node that has one. */
    public String output() {
        if (outputs.size() != 1) {
            throw new GraphException("node '" + name + "' has " + outputs.size() + " outputs, expected one");
        }
        return outputs.get(0);
    }

    /** The same node with another operator. */
    public Node withOp(Op other) {
        return new Node(name, other, inputs, outputs);
    }

    /** The same node fed by other values. */
    public Node withInputs(List<String> others) {
        return new Node(name, op, others, outputs);
    }

    @Override
    public String toString() {
        return name + ": " + String.join(", ", outputs) + " = " + op.type() + "(" + String.join(", ", inputs) + ")";
    }
}
