package dev.espalier.formats.keras;

import dev.espalier.formats.keras.KerasValue.Order;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** LSTM, GRU and SimpleRNN, one-way and two-way, as ONNX's recurrent operators. */
final class Recurrences {
    /** Order of the gates: ONNX's gate i is Keras's gate {@code order.get(i)}. */
    private record Kind(String type, List<Integer> order) {}

    private static final Map<String, Kind> KINDS = Map.of(
            "LSTM",
                    new Kind(
                            "LSTM",
                            List.of(
                                    0, 3, 1,
                                    2)), // Keras: input, forget, cell, output; ONNX: input, output, forget, cell
            "GRU", new Kind("GRU", List.of(0, 1, 2)),
            "SimpleRNN", new Kind("RNN", List.of(0)));

    /** How one direction runs. */
    private record Direction(LayerConfig config, List<Array> weights) {}

    private Recurrences() {}

    static KerasValue oneWay(LayerCall call) {
        LayerConfig config = call.config();
        boolean backwards = config.flag("go_backwards", false);
        boolean sequences = config.flag("return_sequences", false);
        config.require(!backwards || !sequences, "go_backwards together with return_sequences is not supported");
        List<Direction> directions = List.of(new Direction(config, call.weights()));
        return run(call, directions, backwards ? "reverse" : "forward", sequences, "concat");
    }

    static KerasValue twoWay(LayerCall call) {
        LayerConfig outer = call.config();
        LayerConfig forward = outer.inner("layer").orElseThrow(() -> outer.refuse("has no inner layer"));
        LayerConfig backward = outer.inner("backward_layer").orElse(forward);
        outer.require(
                KINDS.containsKey(forward.className()) && backward.className().equals(forward.className()),
                "only LSTM, GRU and SimpleRNN can be inside, got " + forward.className());
        outer.require(!forward.flag("go_backwards", false), "an inner layer that goes backwards is not supported");
        int half = call.weights().size() / 2;
        outer.require(2 * half == call.weights().size(), "the two directions have different numbers of weights");
        List<Direction> directions = List.of(
                new Direction(forward, call.weights().subList(0, half)),
                new Direction(backward, call.weights().subList(half, 2 * half)));
        String merge = outer.text("merge_mode", "concat");
        return run(call, directions, "bidirectional", forward.flag("return_sequences", false), merge);
    }

    private static KerasValue run(
            LayerCall call, List<Direction> directions, String direction, boolean sequences, String merge) {
        LayerConfig layer = directions.get(0).config();
        KerasValue in = call.graph().asKeras(call.input());
        call.config().require(in.dims().length == 2, "expected an input of rank 3, got " + (in.dims().length + 1));
        Kind kind = KINDS.getOrDefault(layer.className(), new Kind("RNN", List.of(0)));
        boolean reset = layer.flag("reset_after", !call.legacy() || layer.has("reset_after"));
        long units = layer.integer("units");
        call.config().require(units > 0, "units must be positive");
        for (String off : List.of("stateful", "return_state", "time_major")) {
            layer.requireOff(off);
        }
        var draft = call.graph().draft();
        String time = draft.add(call.name() + ".time_first", "Transpose", Map.of("perm", Ints.of(1, 0, 2)), in.value());
        List<String> weights = weights(call, directions, kind, units, in.channels(), reset);
        List<String> outputs = draft.addAll(
                call.name() + ".recurrence",
                kind.type(),
                attributes(call, layer, kind, units, direction, reset),
                List.of(time, weights.get(0), weights.get(1), weights.get(2)));
        return merged(call, outputs, sequences, merge, new Sizes(in.dims()[0], directions.size(), units));
    }

    /** Steps, directions and hidden units. */
    private record Sizes(long steps, int directions, long units) {}

    private static Map<String, Attribute> attributes(
            LayerCall call, LayerConfig layer, Kind kind, long units, String direction, boolean reset) {
        Map<String, Attribute> attributes = new HashMap<>();
        attributes.put("hidden_size", Attribute.of(units));
        attributes.put("direction", Attribute.of(direction));
        String activation = layer.text("activation", "tanh");
        call.config()
                .require(activation.equals("tanh"), "activation '" + activation + "' is not supported, expected tanh");
        if (!kind.type().equals("RNN")) {
            String gate = layer.text("recurrent_activation", "sigmoid");
            call.config()
                    .require(
                            gate.equals("sigmoid"),
                            "recurrent_activation '" + gate + "' is not supported, expected sigmoid");
        }
        if (kind.type().equals("GRU")) {
            attributes.put("linear_before_reset", Attribute.of(reset ? 1 : 0));
        }
        return attributes;
    }

    /** W [directions, gates · units, features], R [directions, gates · units, units] and B [directions, 2 · gates · units]. */
    private static List<String> weights(
            LayerCall call, List<Direction> directions, Kind kind, long units, long features, boolean reset) {
        int gates = kind.order().size();
        long gateRows = Math.multiplyExact(gates, units);
        for (Direction direction : directions) { // before anything of these sizes is allocated
            LayerCall part = part(call, direction);
            part.requireExtent(part.weight(0, 2), 0, features);
            part.requireExtent(part.weight(0, 2), 1, gateRows);
            part.requireExtent(part.weight(1, 2), 0, units);
            part.requireExtent(part.weight(1, 2), 1, gateRows);
        }
        int rows = Math.toIntExact(gateRows);
        int count = directions.size();
        float[] w = new float[Math.toIntExact(count * gateRows * features)];
        float[] r = new float[Math.toIntExact(count * gateRows * units)];
        float[] b = new float[Math.toIntExact(count * 2L * gateRows)];
        for (int d = 0; d < count; d++) {
            Direction direction = directions.get(d);
            LayerCall part = part(call, direction);
            put(w, d * rows * (int) features, part.weight(0, 2), kind, units, features);
            put(r, d * rows * (int) units, part.weight(1, 2), kind, units, units);
            if (direction.config().flag("use_bias", true)) {
                boolean two = kind.type().equals("GRU") && reset;
                Array bias = part.weight(2, two ? 2 : 1);
                Array both = two ? bias : bias.reshaped(1, bias.dims()[0]);
                part.requireExtent(both, 0, two ? 2 : 1);
                for (int half = 0; half < both.dims()[0]; half++) {
                    putRow(part, b, (2 * d + half) * rows, both, half, kind, (int) units);
                }
            }
        }
        return List.of(
                call.graph().parameter(call.config(), "W", new Array(w, new long[] {count, rows, features})),
                call.graph().parameter(call.config(), "R", new Array(r, new long[] {count, rows, units})),
                call.graph().parameter(call.config(), "B", new Array(b, new long[] {count, 2L * rows})));
    }

    private static LayerCall part(LayerCall call, Direction direction) {
        return new LayerCall(call.graph(), direction.config(), call.inputs(), direction.weights(), call.legacy());
    }

    /** Keras's kernel [features, gates · units] as rows of ONNX's gates. */
    private static void put(float[] to, int at, Array kernel, Kind kind, long units, long features) {
        int u = (int) units;
        int gates = kind.order().size();
        for (int gate = 0; gate < gates; gate++) {
            for (int unit = 0; unit < u; unit++) {
                int column = kind.order().get(gate) * u + unit;
                for (int feature = 0; feature < features; feature++) {
                    to[at + (gate * u + unit) * (int) features + feature] =
                            kernel.values()[feature * gates * u + column];
                }
            }
        }
    }

    private static void putRow(LayerCall part, float[] to, int at, Array bias, int row, Kind kind, int units) {
        int gates = kind.order().size();
        part.requireExtent(bias, 1, (long) gates * units);
        for (int gate = 0; gate < gates; gate++) {
            System.arraycopy(
                    bias.values(), (row * gates + kind.order().get(gate)) * units, to, at + gate * units, units);
        }
    }

    /** Outputs of ONNX: Y [steps, directions, batch, units], the last step of each direction [directions, batch, units]. */
    private static KerasValue merged(
            LayerCall call, List<String> outputs, boolean sequences, String merge, Sizes sizes) {
        var draft = call.graph().draft();
        boolean two = sizes.directions() == 2;
        long[] dims = sequences ? new long[] {sizes.steps(), sizes.units()} : new long[] {sizes.units()};
        if (!two) {
            Ints axis = Ints.of(sequences ? 1 : 0);
            String name = sequences ? call.name() + ".steps" : call.name();
            String single = draft.add(name, "Squeeze", Map.of("axes", axis), outputs.get(sequences ? 0 : 1));
            return !sequences
                    ? new KerasValue(single, dims, Order.KERAS)
                    : call.node("Transpose", Map.of("perm", Ints.of(1, 0, 2)), dims, Order.KERAS, single);
        }
        call.config().require(merge.equals("concat"), "merge_mode '" + merge + "' is not supported, expected concat");
        String batchFirst = draft.add(
                call.name() + ".batch_first",
                "Transpose",
                Map.of("perm", sequences ? Ints.of(2, 0, 1, 3) : Ints.of(1, 0, 2)),
                outputs.get(sequences ? 0 : 1));
        dims[dims.length - 1] = 2 * sizes.units();
        Ints shape = sequences ? Ints.of(0, sizes.steps(), 2 * sizes.units()) : Ints.of(0, 2 * sizes.units());
        return call.node("Reshape", Map.of("shape", shape), dims, Order.KERAS, batchFirst);
    }
}
