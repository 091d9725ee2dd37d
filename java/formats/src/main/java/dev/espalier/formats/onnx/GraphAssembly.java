package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.TensorBytes;
import dev.espalier.graph.Graph;
import dev.espalier.graph.Node;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.Constant;
import dev.espalier.op.Expand;
import dev.espalier.op.Gather;
import dev.espalier.op.Identity;
import dev.espalier.op.Op;
import dev.espalier.op.Ops;
import dev.espalier.op.Reshape;
import dev.espalier.op.Slice;
import dev.espalier.op.Split;
import dev.espalier.op.Squeeze;
import dev.espalier.op.TensorType;
import dev.espalier.op.Transpose;
import dev.espalier.op.Unsqueeze;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.ShapeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The graph that grows while a file is read: its nodes, its parameters and the names that are taken. */
final class GraphAssembly {
    /** Operators whose elements are those of their first input. */
    private static final Set<Class<? extends Op>> MOVES = Set.of(
            Expand.class,
            Slice.class,
            Split.class,
            Gather.class,
            Squeeze.class,
            Unsqueeze.class,
            Reshape.class,
            Transpose.class);

    private final Path file;
    private final GraphProto proto;
    private final GraphReader.Origin origin;
    private final KnownValues values;
    private final Set<String> parameters = new LinkedHashSet<>();
    private final List<Node> nodes = new ArrayList<>();
    /** Names given, with the number of nodes that asked for each. */
    private final Map<String, Integer> names = new HashMap<>();

    /** Results of nodes that are zero everywhere. */
    private final Set<String> zeros = new HashSet<>();

    /** Whether each constant that was asked for is zero: a large one can be asked for by every node. */
    private final IdentityHashMap<TensorValue, Boolean> zeroConstants = new IdentityHashMap<>();

    /** The input that {@link #batchOf} takes the batch from, empty where there is none; unknown until asked for. */
    private @Nullable String batch;

    GraphAssembly(Path file, GraphProto proto, GraphReader.Origin origin, KnownValues values) {
        this.file = file;
        this.proto = proto;
        this.origin = origin;
        this.values = values;
    }

    KnownValues values() {
        return values;
    }

    ShapeArithmetic shapes() {
        return values.shapes();
    }

    /** The whole graph with these inputs; of another program's file without what no output needs. */
    Graph build(Map<String, TensorType> inputs) {
        String name = proto.getName().isEmpty() ? "model" : proto.getName();
        Graph.Builder builder = Graph.builder(name);
        try {
            inputs.forEach(builder::input);
            List<String> outputs = new ArrayList<>();
            for (ValueInfoProto output : proto.getOutputList()) {
                outputs.add(output(output.getName()));
            }
            if (!origin.own()) {
                dropUnused(outputs);
            }
            orderedParameters().forEach(parameter -> builder.parameter(parameter, values.type(parameter)));
            nodes.forEach(builder::node);
            outputs.forEach(builder::output);
            return builder.build();
        } catch (FormatException e) {
            throw e;
        } catch (EspalierException | ArithmeticException | IllegalArgumentException e) {
            throw new FormatException(file + ": " + e.getMessage(), e);
        }
    }

    /** Parameters in the order of the file's table, then those that were Constant nodes in the order of their use. */
    private List<String> orderedParameters() {
        Set<String> ordered = new LinkedHashSet<>(origin.outsideParameters());
        for (TensorProto tensor : proto.getInitializerList()) {
            if (parameters.contains(tensor.getName())) {
                ordered.add(tensor.getName());
            }
        }
        ordered.addAll(parameters);
        return List.copyOf(ordered);
    }

    /** Whether a value is known to be zero everywhere, also where it is spread over the batch or cut from such. */
    boolean isZero(String value) {
        return values.isConstant(value) ? isZero(values.constant(value)) : zeros.contains(value);
    }

    private boolean isZero(TensorValue constant) {
        return zeroConstants.computeIfAbsent(constant, ConstantNodes::isZero);
    }

    /** Said of each node once, when its operands are settled, so that nobody has to walk back along long chains. */
    private boolean givesZero(Node node) {
        return node.op() instanceof Constant filled
                ? isZero(filled.value())
                : MOVES.contains(node.op().getClass()) && isZero(node.inputs().get(0));
    }

    /** A value whose first dimension is the batch: the one whose shape our own file asked for, else an input. */
    String batchOf(Sizes sizes) {
        if (origin.own()) {
            return sizes.source();
        }
        String input = batch;
        if (input == null) {
            input = proto.getInputList().stream()
                    .map(ValueInfoProto::getName)
                    .filter(name -> values.findComputed(name)
                            .filter(type -> type.rank() > 0 && type.dim(0) == -1)
                            .isPresent())
                    .findFirst()
                    .orElse("");
            batch = input;
        }
        return input.isEmpty() ? sizes.source() : input;
    }

    /** A value of the graph under the name that the file gives it, so that callers find it. */
    private String output(String name) {
        String value = operand("the graph's output", name);
        if (!value.equals(name) && values.findComputed(name).isEmpty()) {
            append(unique("Identity_" + name), new Identity(), List.of(value), List.of(name));
            return name;
        }
        return value;
    }

    /** Drops nodes and parameters that no output needs, such as those that computed a shape. */
    private void dropUnused(List<String> outputs) {
        Set<String> needed = new HashSet<>(outputs);
        List<Node> kept = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(needed::contains)) {
                needed.addAll(node.inputs());
                kept.add(node);
            }
        }
        Collections.reverse(kept);
        nodes.clear();
        nodes.addAll(kept);
        parameters.retainAll(needed);
    }

    /** Adds a node to the graph. */
    void append(String name, Op op, List<String> inputs, List<String> outputs) {
        try {
            List<TensorType> in = inputs.stream()
                    .map(value -> value.isEmpty() ? TensorType.ABSENT : values.type(value))
                    .toList();
            List<TensorType> out = op.infer(in);
            requireRank(op, out);
            List<String> all = new ArrayList<>(outputs);
            while (all.size() < out.size()) {
                all.add(unique("unused"));
            }
            Node node = new Node(name, op, inputs, all);
            for (int i = 0; i < Math.min(out.size(), outputs.size()); i++) {
                values.addType(outputs.get(i), out.get(i));
            }
            nodes.add(node);
            if (givesZero(node)) {
                zeros.addAll(outputs);
            }
        } catch (EspalierException e) {
            throw new FormatException(file + ": node '" + name + "': " + e.getMessage(), e);
        } catch (ArithmeticException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw impossible(name, op.type(), e);
        }
    }

    /** Refuses results of more axes than a tensor can have, which every later node would carry along. */
    private static void requireRank(Op op, List<TensorType> out) {
        for (TensorType type : out) {
            if (type.rank() > TensorBytes.MAX_RANK) {
                throw new ShapeException(op.type() + ": expected a result of at most " + TensorBytes.MAX_RANK
                        + " dimensions, got " + type.rank());
            }
        }
    }

    /** The value a node or output refers to; a constant enters the graph the first time that it is used. */
    String operand(String user, String value) {
        String actual = values.actual(value);
        if (values.findComputed(actual).isPresent()) {
            return actual;
        }
        if (shapes().find(actual).isPresent()) {
            throw FormatException.of(
                    file,
                    user + " calculates with '" + value
                            + "', which depends on the batch; export the model with a fixed batch");
        }
        TensorValue constant = values.findConstant(actual)
                .orElseThrow(() -> FormatException.of(
                        file,
                        user + " needs '" + value
                                + "', which is no input, no initialiser and no earlier node's output"));
        if (!origin.own() && !(values.isTrained(actual) && ConstantNodes.isFinite(constant))) {
            append(unique("Constant_" + actual), new Constant(constant), List.of(), List.of(actual));
        } else {
            values.addType(actual, new TensorType(constant.dtype(), constant.shape()));
            parameters.add(actual);
        }
        return actual;
    }

    Op op(String type, String name, Map<String, Attribute> attributes) {
        try {
            return Ops.create(type, name, attributes);
        } catch (ArithmeticException | IndexOutOfBoundsException e) {
            throw impossible(name, type, e);
        } catch (EspalierException | IllegalArgumentException e) {
            String problem = String.valueOf(e.getMessage());
            String where = problem.startsWith("node '") ? "" : "node '" + name + "': ";
            throw new FormatException(file + ": " + where + problem, e);
        }
    }

    String unique(String wanted) {
        String name = wanted;
        while (names.containsKey(name)) {
            name = wanted + "_" + names.merge(wanted, 1, Integer::sum);
        }
        names.put(name, 1);
        return name;
    }

    /** The refusal of inputs or settings that an operator cannot calculate with: a missing input, sizes beyond a long. */
    FormatException impossible(String node, String type, RuntimeException cause) {
        return new FormatException(
                file + ": node '" + node + "': the inputs or attributes of " + type + " are not valid: "
                        + cause.getMessage(),
                cause);
    }

    FormatException refuse(String node, String problem) {
        return FormatException.of(file, "node '" + node + "': " + problem);
    }
}
