package dev.espalier.formats.keras;

import dev.espalier.formats.keras.KerasValue.Order;
import dev.espalier.op.Attribute;
import java.util.List;
import java.util.Map;

/**
 * One use of a layer.
 *
 * @param legacy whether Keras 2 wrote the file: some functions have other constants there
 */
record LayerCall(KerasGraph graph, LayerConfig config, List<KerasValue> inputs, List<Array> weights, boolean legacy) {
    String name() {
        return config.name();
    }

    /** The only input. */
    KerasValue input() {
        config.require(inputs.size() == 1, "expected one input, got " + inputs.size());
        return inputs.get(0);
    }

    /** The only input, of this Keras rank without the batch, with its channels on axis 1. */
    KerasValue imageInput(int spatial) {
        KerasValue in = input();
        config.require(
                in.dims().length == spatial + 1 && in.order() != Order.FLAT_CHANNELS_FIRST,
                "expected an input of rank " + (spatial + 2) + ", got rank " + (in.dims().length + 1));
        config.require(
                config.text("data_format", "channels_last").equals("channels_last"),
                "data_format must be channels_last; save the model with it");
        return graph.asChannelsFirst(in);
    }

    /** The weight at this place, which must have this rank. */
    Array weight(int index, int rank) {
        config.require(index < weights.size(), "expected at least " + (index + 1) + " weights, got " + weights.size());
        Array weight = weights.get(index);
        config.require(
                weight.dims().length == rank, "expected weight " + index + " of rank " + rank + ", got " + weight);
        return weight;
    }

    /** Refuses a weight of another extent than the settings and inputs demand. */
    void requireExtent(Array weight, int axis, long expected) {
        config.require(
                weight.dims()[axis] == expected,
                "expected " + expected + " along axis " + axis + " of a weight, got " + weight);
    }

    KerasValue node(String type, Map<String, Attribute> attributes, long[] dims, Order order, String... in) {
        return new KerasValue(graph.draft().add(name(), type, attributes, in), dims, order);
    }

    /** Applies the layer's activation, if it has one. */
    KerasValue activated(KerasValue value) {
        return Activations.apply(this, config.text("activation", "linear"), value);
    }
}
