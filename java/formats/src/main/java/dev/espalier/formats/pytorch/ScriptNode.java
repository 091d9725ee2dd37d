package dev.espalier.formats.pytorch;

import dev.espalier.graph.Node;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Floats;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** One node on its way into a program: expressions of its inputs, types, settings by ONNX name, and a place for statements. */
record ScriptNode(
        Node node, List<String> in, List<TensorType> types, List<TensorType> out, UnaryOperator<String> statement) {
    String type() {
        return node.op().type();
    }

    /** The expression of an input, None where it is left out. */
    String in(int index) {
        return index < in.size() ? in.get(index) : "None";
    }

    boolean has(int index) {
        return !in(index).equals("None");
    }

    int rank() {
        return types.get(0).rank();
    }

    /** Number of spatial axes of an input [n, c, spatial]. */
    int spatial() {
        return rank() - 2;
    }

    String assign(String right) {
        return statement.apply(right);
    }

    /** A call of one of libtorch's operators. */
    String call(String function, Object... arguments) {
        return assign("torch." + function
                + Arrays.stream(arguments)
                        .map(ScriptNode::text)
                        .collect(java.util.stream.Collectors.joining(", ", "(", ")")));
    }

    static String text(Object argument) {
        if (argument instanceof long[] numbers) {
            return Arrays.toString(numbers);
        }
        if (argument instanceof Boolean flag) {
            return flag ? "True" : "False";
        }
        if (argument instanceof Float number) {
            return Double.toString(number);
        }
        return String.valueOf(argument);
    }

    boolean has(String attribute) {
        return node.op().attributes().containsKey(attribute);
    }

    long integer(String attribute, long otherwise) {
        Attribute value = node.op().attributes().get(attribute);
        return value instanceof Attribute.Int number
                ? number.value()
                : value instanceof TensorValue tensor && tensor.shape().numel() == 1 ? tensor.toLongs()[0] : otherwise;
    }

    float real(String attribute, float otherwise) {
        Attribute value = node.op().attributes().get(attribute);
        return value instanceof Attribute.Float number
                ? number.value()
                : value instanceof TensorValue tensor && tensor.shape().numel() == 1
                        ? (float) tensor.toDoubles()[0]
                        : otherwise;
    }

    String string(String attribute, String otherwise) {
        return node.op().attributes().get(attribute) instanceof Attribute.Str text ? text.value() : otherwise;
    }

    /** The list, empty where the setting is left out. */
    long[] integers(String attribute) {
        Attribute value = node.op().attributes().get(attribute);
        if (value instanceof Ints list) {
            return list.toArray();
        }
        return value instanceof TensorValue tensor ? tensor.toLongs() : new long[0];
    }

    /** The list, or {@code count} times {@code otherwise}. */
    long[] integers(String attribute, int count, long otherwise) {
        long[] given = integers(attribute);
        if (given.length > 0) {
            return given;
        }
        long[] all = new long[count];
        Arrays.fill(all, otherwise);
        return all;
    }

    /** Whether a list of real numbers is set that is not empty. */
    boolean hasFloats(String attribute) {
        return node.op().attributes().get(attribute) instanceof Floats list
                && !list.values().isEmpty();
    }

    /** An axis of the first input counted from 0. */
    long axis(String attribute, long otherwise) {
        long axis = integer(attribute, otherwise);
        return axis < 0 ? axis + rank() : axis;
    }
}
