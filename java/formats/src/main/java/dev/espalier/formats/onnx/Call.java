package dev.espalier.formats.onnx;

import dev.espalier.op.Attribute;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One node of a file as it is being read: its operands under the names that they have in the graph. */
record Call(String name, String type, List<String> inputs, List<String> outputs, Map<String, Attribute> attributes) {
    Call {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = new TreeMap<>(attributes);
    }

    /** The operand, empty where it is left out. */
    String input(int index) {
        return index < inputs.size() ? inputs.get(index) : "";
    }

    long integer(String attribute, long otherwise) {
        return attributes.get(attribute) instanceof Attribute.Int number ? number.value() : otherwise;
    }

    /** The same node with other operands. */
    Call withInputs(List<String> others) {
        return new Call(name, type, others, outputs, attributes);
    }

    /** The same node with other results. */
    Call withOutputs(List<String> others) {
        return new Call(name, type, inputs, others, attributes);
    }

    /** The same node with one more or another attribute. */
    Call with(String attribute, Attribute value) {
        Map<String, Attribute> more = new TreeMap<>(attributes);
        more.put(attribute, value);
        return new Call(name, type, inputs, outputs, more);
    }
}
