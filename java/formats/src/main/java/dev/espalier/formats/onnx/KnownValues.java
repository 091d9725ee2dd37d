package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.espalier.formats.FormatException;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.TensorType;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is known of the values of a file while it is read: constants, types, the names that they go by, and how often they are used. */
final class KnownValues {
    private final Path file;
    private final Map<String, TensorValue> constants = new HashMap<>();
    private final Map<String, TensorType> types = new HashMap<>();
    private final Map<String, String> aliases = new HashMap<>();

    /** How often nodes and outputs use each value. */
    private final Map<String, Integer> uses = new HashMap<>();

    /** Constants that were trained, as far as a file tells: real numbers of rank 1 and more that stand in it. */
    private final Set<String> trained = new HashSet<>();

    /** The numbers that nodes calculate from shapes. */
    private final ShapeArithmetic shapes = new ShapeArithmetic(types, constants);

    KnownValues(Path file) {
        this.file = file;
    }

    ShapeArithmetic shapes() {
        return shapes;
    }

    /** Takes the initialisers of the graph or of a branch; returns how many bytes of them lie beside the file. */
    long addInitialisers(GraphProto graph, TensorProtos tensors) {
        long outside = 0;
        for (TensorProto tensor : graph.getInitializerList()) {
            TensorValue value = tensors.read(tensor);
            if (constants.containsKey(tensor.getName())) {
                throw FormatException.of(file, "has two initialisers named '" + tensor.getName() + "'");
            }
            addTrained(tensor.getName(), value);
            outside += value.bytes().isDirect() ? value.bytes().remaining() : 0; // mapped
        }
        return outside;
    }

    /** Takes a constant that stands in the file or was computed from such: its form tells whether it was trained. */
    void addTrained(String name, TensorValue value) {
        addConstant(name, value);
        if (value.dtype().isFloating() && value.shape().rank() > 0) {
            trained.add(name);
        }
    }

    /** Takes a constant that was computed from numbers that nobody trains. */
    void addConstant(String name, TensorValue value) {
        if (constants.putIfAbsent(name, value) != null) {
            throw FormatException.of(
                    file,
                    "gives the name '" + name + "' to two constants; values of all branches need names of their own");
        }
    }

    /**
     * Puts another form of a trained constant in its place. It goes by the constant's name with the operator's behind it, so that nobody
     * takes other weights of that name for the same form, and by that of the node's output.
     */
    void replace(String name, String operator, TensorValue value, String output) {
        String changed = name + "/" + operator;
        while (constants.containsKey(changed)) {
            changed += "'";
        }
        aliases.put(output, changed);
        uses.put(changed, usesOf(output));
        addTrained(changed, value);
    }

    void addType(String name, TensorType type) {
        types.put(name, type);
    }

    /** From now on an output of a node is another value, which takes over its uses. */
    void alias(String output, String value) {
        aliases.put(output, actual(value));
        uses.merge(value, usesOf(output), Integer::sum);
    }

    /** Counts the uses of all values in a graph and its branches. */
    void count(GraphProto graph) {
        for (NodeProto node : graph.getNodeList()) {
            node.getInputList().forEach(value -> uses.merge(value, 1, Integer::sum));
            node.getAttributeList().stream().filter(AttributeProto::hasG).forEach(branch -> count(branch.getG()));
        }
        graph.getOutputList().forEach(output -> uses.merge(output.getName(), 1, Integer::sum));
    }

    int usesOf(String value) {
        return uses.getOrDefault(value, 0);
    }

    String actual(String value) {
        return aliases.getOrDefault(value, value);
    }

    boolean isTrained(String value) {
        return trained.contains(value);
    }

    boolean isConstant(String value) {
        return constants.containsKey(value);
    }

    /** The constant that a value is known to be. */
    Optional<TensorValue> findConstant(String value) {
        return Optional.ofNullable(constants.get(value));
    }

    TensorValue constant(String value) {
        return findConstant(value).orElseThrow(() -> FormatException.of(file, "'" + value + "' is no constant"));
    }

    /** The type of a value that the graph holds. */
    Optional<TensorType> findComputed(String value) {
        return Optional.ofNullable(types.get(value));
    }

    /** The type of a value, whether computed or constant. */
    Optional<TensorType> findType(String value) {
        return findComputed(value)
                .or(() -> findConstant(value).map(constant -> new TensorType(constant.dtype(), constant.shape())));
    }

    TensorType type(String value) {
        return findComputed(value)
                .orElseThrow(() -> FormatException.of(file, "nothing gives the type of '" + value + "'"));
    }
}
