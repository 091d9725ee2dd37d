package dev.espalier.formats.keras;

import dev.espalier.formats.GraphDraft;
import dev.espalier.formats.keras.KerasValue.Order;
import dev.espalier.op.Attribute;
import dev.espalier.op.Attribute.Ints;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** The graph under construction, with the moves between Keras's layout and channels first. */
final class KerasGraph {
    private final GraphDraft draft;
    /** Parameters of layers that are used more than once. */
    private final Map<String, String> shared = new HashMap<>();

    private final Map<String, KerasValue> moved = new HashMap<>();

    KerasGraph(GraphDraft draft) {
        this.draft = draft;
    }

    GraphDraft draft() {
        return draft;
    }

    /** The parameter {@code layer.role}; the same one again where a layer is used twice. */
    String parameter(LayerConfig layer, String role, Array values) {
        String name = layer.name() + "." + role;
        return shared.computeIfAbsent(
                name + Arrays.toString(values.dims()) + Arrays.hashCode(values.values()),
                key -> draft.parameter(name, values.values(), values.dims()));
    }

    /** A node with one data input and one output that keeps shape and layout. */
    KerasValue map(String name, String type, Map<String, Attribute> attributes, KerasValue in) {
        return in.renamed(draft.add(name, type, attributes, in.value()));
    }

    /** The value as Keras lays it out. */
    KerasValue asKeras(KerasValue in) {
        return switch (in.order()) {
            case KERAS -> in;
            case CHANNELS_FIRST ->
                moved.computeIfAbsent(
                        in.value() + "/keras", key -> transpose(in, Order.KERAS, toKeras(in.dims().length)));
            case FLAT_CHANNELS_FIRST -> moved.computeIfAbsent(in.value() + "/keras", key -> unflatten(in));
        };
    }

    /** The value with its channels on axis 1. */
    KerasValue asChannelsFirst(KerasValue in) {
        if (in.order() == Order.CHANNELS_FIRST || in.dims().length < 2) {
            return in;
        }
        return moved.computeIfAbsent(
                in.value() + "/first", key -> transpose(in, Order.CHANNELS_FIRST, toChannelsFirst(in.dims().length)));
    }

    private KerasValue transpose(KerasValue in, Order order, long[] permutation) {
        String name = in.value() + (order == Order.KERAS ? ".channels_last" : ".channels_first");
        return new KerasValue(
                draft.add(name, "Transpose", Map.of("perm", Ints.of(permutation)), in.value()), in.dims(), order);
    }

    private KerasValue unflatten(KerasValue in) {
        long[] dims = in.dims();
        long[] split = new long[dims.length + 1];
        split[1] = in.channels();
        System.arraycopy(dims, 0, split, 2, dims.length - 1);
        String apart = draft.add(in.value() + ".split", "Reshape", Map.of("shape", Ints.of(split)), in.value());
        KerasValue last =
                transpose(new KerasValue(apart, dims, Order.CHANNELS_FIRST), Order.KERAS, toKeras(dims.length));
        String flat = draft.add(in.value() + ".flatten", "Flatten", Map.of("axis", Attribute.of(1)), last.value());
        return new KerasValue(flat, new long[] {in.elements()}, Order.KERAS);
    }

    /** Axes 0, 2, 3, …, 1. */
    private static long[] toKeras(int rank) {
        return IntStream.rangeClosed(0, rank)
                .mapToLong(i -> i == 0 ? 0 : i == rank ? 1 : i + 1)
                .toArray();
    }

    /** Axes 0, last, 1, 2, …. */
    private static long[] toChannelsFirst(int rank) {
        return IntStream.rangeClosed(0, rank)
                .mapToLong(i -> i == 0 ? 0 : i == 1 ? rank : i - 1)
                .toArray();
    }
}
