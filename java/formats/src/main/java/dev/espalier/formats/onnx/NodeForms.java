package dev.espalier.formats.onnx;

import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import dev.espalier.op.Attribute.TensorValue;
import dev.espalier.op.Constant;
import dev.espalier.op.Expand;
import dev.espalier.op.Op;
import dev.espalier.op.Ops;
import dev.espalier.op.Reshape;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Brings the node forms of all supported operator sets into the one form that our operators have. */
final class NodeForms {
    /** Where the semantics of Softmax changed from two flattened axes to one axis. */
    private static final int SOFTMAX_ALONG_ONE_AXIS = 13;

    private static final Set<String> RECURRENT = Set.of("LSTM", "GRU", "RNN");
    private static final int INITIAL_HIDDEN = 5;
    private static final int INITIAL_CELL = 6;

    private final GraphAssembly graph;
    private final GraphReader.Origin origin;

    NodeForms(GraphAssembly graph, GraphReader.Origin origin) {
        this.graph = graph;
        this.origin = origin;
    }

    /** An operator with its settings, and what is left of the operands. */
    record Ready(Op op, List<String> operands) {
        Ready {
            operands = List.copyOf(operands);
        }
    }

    /** Adds the node to the graph. */
    void add(Call read) {
        Call call = origin.own() ? read : withoutZeroStates(read);
        if (isCoerced(call)) {
            coerced(call);
            return;
        }
        Optional<Sizes> open = batchSetting(call);
        if (call.type().equals("ConstantOfShape") && open.isPresent()) {
            filled(call, open.get());
        } else if (call.type().equals("Tile") && open.isPresent()) {
            tiled(call, open.get());
        } else {
            Ready ready = ready(call);
            List<String> operands = new ArrayList<>(ready.operands());
            if (ready.op() instanceof Expand expand && expand.followsBatch() && open.isPresent()) {
                operands.add(graph.batchOf(open.get()));
            }
            operands.replaceAll(value -> value.isEmpty() ? "" : graph.operand("node '" + call.name() + "'", value));
            graph.append(call.name(), ready.op(), operands, call.outputs());
        }
    }

    /** The numbers from which a node takes a size that depends on the batch. */
    private Optional<Sizes> batchSetting(Call call) {
        return switch (call.type()) {
            case "Expand", "Tile" -> graph.shapes().find(call.input(1));
            case "ConstantOfShape" -> graph.shapes().find(call.input(0));
            default -> Optional.empty();
        };
    }

    /** The operator with the settings that ONNX passes as inputs. */
    Ready ready(Call call) {
        Call named = switch (call.type()) {
            case "Split" -> counted(call);
            case "CastLike" -> cast(call);
            default -> call;
        };
        Map<String, Attribute> attributes = named.attributes();
        List<String> settings = Ops.constantInputs(named.type());
        List<String> operands = new ArrayList<>();
        for (int i = 0; i < named.inputs().size(); i++) {
            String value = named.inputs().get(i);
            boolean looked = named.type().equals("Gather")
                    && graph.values().findConstant(value).isEmpty();
            if (i >= 1 && i <= settings.size() && !looked) {
                if (!value.isEmpty()) {
                    attributes.put(settings.get(i - 1), setting(named, settings.get(i - 1), value));
                    if (graph.values().findConstant(value).isEmpty()) {
                        // A batch that stays in its place is written as 0, which then means to copy it.
                        attributes.remove("allowzero");
                    }
                }
            } else {
                operands.add(value);
            }
        }
        while (!operands.isEmpty() && operands.get(operands.size() - 1).isEmpty()) {
            operands.remove(operands.size() - 1);
        }
        if (named.type().equals("Resize")) {
            listAxes(named, attributes);
        }
        return new Ready(graph.op(named.type(), named.name(), attributes), operands);
    }

    private Attribute setting(Call call, String setting, String value) {
        Optional<TensorValue> constant = graph.values().findConstant(value);
        if (constant.isPresent()) {
            return constant.get();
        }
        return graph.shapes()
                .find(value)
                .flatMap(sizes -> graph.shapes().setting(call, setting, sizes))
                .orElseThrow(() -> graph.refuse(
                        call.name(),
                        graph.values().findType(value).isPresent()
                                        || graph.shapes().find(value).isPresent()
                                ? call.type() + " takes its " + setting + " from '" + value
                                        + "', which is computed; only constants are supported there"
                                : call.type() + " needs '" + value + "', which nothing provides"));
    }

    /** A cast to the type of the second operand. */
    private Call cast(Call call) {
        TensorType like = graph.values()
                .findType(call.input(1))
                .orElseThrow(() ->
                        graph.refuse(call.name(), "CastLike needs '" + call.input(1) + "', which nothing provides"));
        return new Call(call.name(), "Cast", call.inputs().subList(0, 1), call.outputs(), Map.of())
                .with("to", Attribute.of((long) ElementTypes.code(like.dtype())));
    }

    /** Before operator set 18 a Split without sizes counts its outputs. */
    private static Call counted(Call call) {
        boolean says = call.attributes().containsKey("split")
                || call.attributes().containsKey("num_outputs")
                || !call.input(1).isEmpty();
        return says
                ? call
                : call.with("num_outputs", Attribute.of((long) call.outputs().size()));
    }

    /** A Resize to sizes of which one is the batch lists the axes that it resizes. */
    private void listAxes(Call call, Map<String, Attribute> attributes) {
        Attribute sizes = attributes.get("sizes");
        TensorType x = graph.values().findType(call.input(0)).orElse(null);
        boolean whole = !attributes.containsKey("axes") && sizes != null && x != null;
        if (!whole || x == null) {
            return;
        }
        long[] all = sizes instanceof TensorValue tensor
                ? tensor.toLongs()
                : sizes instanceof Ints numbers ? numbers.toArray() : new long[0];
        int batch = Arrays.stream(x.shape().toArray()).boxed().toList().indexOf(-1L);
        if (batch < 0 || all.length != x.rank() || all[batch] != Sizes.Size.BATCH) {
            return;
        }
        List<Long> axes = new ArrayList<>();
        List<Long> left = new ArrayList<>();
        for (int axis = 0; axis < all.length; axis++) {
            if (axis != batch) {
                axes.add((long) axis);
                left.add(all[axis]);
            }
        }
        attributes.put("axes", new Ints(axes));
        attributes.put("sizes", new Ints(left));
    }

    private boolean isCoerced(Call call) {
        return origin.opset() < SOFTMAX_ALONG_ONE_AXIS
                && (call.type().equals("Softmax") || call.type().equals("LogSoftmax"));
    }

    /** Softmax over all axes from one on, as older operator sets have it: flattened, applied, and brought back into shape. */
    private void coerced(Call call) {
        String x = graph.operand("node '" + call.name() + "'", call.input(0));
        Shape shape = graph.values().type(x).shape();
        long given = call.integer("axis", 1);
        int axis = (int) (given < 0 ? given + shape.rank() : given);
        if (axis < 0 || axis >= Math.max(shape.rank(), 1)) {
            throw graph.refuse(call.name(), call.type() + " along axis " + given + " of " + shape);
        }
        long rest = 1;
        for (int i = axis + 1; i < shape.rank(); i++) {
            rest *= shape.dim(i);
        }
        if (rest == 1) {
            Op op = graph.op(call.type(), call.name(), Map.of("axis", Attribute.of((long) axis)));
            graph.append(call.name(), op, List.of(x), call.outputs());
            return;
        }
        List<Long> kept = new ArrayList<>(Collections.nCopies(axis, 0L));
        List<Long> back = new ArrayList<>(kept);
        kept.add(-1L);
        for (int i = axis; i < shape.rank(); i++) {
            back.add(shape.dim(i));
        }
        String flat = graph.unique(call.name() + ".flat");
        String along = graph.unique(call.name() + ".along");
        graph.append(flat, new Reshape(new Ints(kept), false), List.of(x), List.of(flat));
        Op op = graph.op(call.type(), call.name(), Map.of("axis", Attribute.of(-1L)));
        graph.append(along, op, List.of(flat), List.of(along));
        graph.append(call.name(), new Reshape(new Ints(back), false), List.of(along), call.outputs());
    }

    /** One number all over a shape that holds the batch. */
    private void filled(Call call, Sizes sizes) {
        Attribute value = call.attributes().get("value");
        TensorValue one = value instanceof TensorValue given ? given : TensorValue.of(new float[1]);
        TensorValue number = new TensorValue(one.dtype(), Shape.of(), one.bytes());
        String constant = graph.unique(call.name() + ".value");
        graph.append(constant, new Constant(number), List.of(), List.of(constant));
        graph.append(call.name(), expand(call, sizes), List.of(constant, graph.batchOf(sizes)), call.outputs());
    }

    private Expand expand(Call call, Sizes sizes) {
        return new Expand(sizes.withBatch()
                .orElseThrow(() ->
                        graph.refuse(call.name(), call.type() + " multiplies the batch, which is not supported")));
    }

    /** A Tile repeats an axis of size 1 as often as there are samples: an Expand, after a Tile of the other axes. */
    private void tiled(Call call, Sizes sizes) {
        String x = graph.operand("node '" + call.name() + "'", call.input(0));
        TensorType type = graph.values().type(x);
        Ints repeats = expand(call, sizes).shape();
        long[] others = repeats.toArray();
        long[] shape = type.shape().toArray();
        if (others.length != shape.length) {
            throw graph.refuse(call.name(), "Tile has " + others.length + " repeats for " + type.shape());
        }
        for (int i = 0; i < others.length; i++) {
            boolean batch = others[i] == Sizes.Size.BATCH;
            if (batch && shape[i] != 1) {
                throw graph.refuse(call.name(), "Tile repeats axis " + i + " of " + type.shape() + " once per sample");
            }
            others[i] = batch ? 1 : others[i];
            shape[i] = batch ? Sizes.Size.BATCH : Math.multiplyExact(shape[i], others[i]);
        }
        if (Arrays.stream(others).anyMatch(r -> r != 1)) {
            String tiled = graph.unique(call.name() + ".tiled");
            Op op = graph.op("Tile", call.name(), Map.of("repeats", Ints.of(others)));
            graph.append(tiled, op, List.of(x), List.of(tiled));
            x = tiled;
        }
        graph.append(call.name(), new Expand(Ints.of(shape)), List.of(x, graph.batchOf(sizes)), call.outputs());
    }

    /** Recurrent layers start from zero anyway. */
    private Call withoutZeroStates(Call call) {
        if (!RECURRENT.contains(call.type())) {
            return call;
        }
        List<String> inputs = new ArrayList<>(call.inputs());
        for (int i = INITIAL_HIDDEN; i <= INITIAL_CELL && i < inputs.size(); i++) {
            inputs.set(i, graph.isZero(inputs.get(i)) ? "" : inputs.get(i));
        }
        while (!inputs.isEmpty() && inputs.get(inputs.size() - 1).isEmpty()) {
            inputs.remove(inputs.size() - 1);
        }
        return call.withInputs(inputs);
    }
}
