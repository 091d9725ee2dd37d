package dev.espalier.formats.keras;

import dev.espalier.runtime.Shape;

/**
 * A value of the Keras model and how the graph holds it.
 *
 * @param value its name in the graph
 * @param shape its shape in Keras, channels last, without the batch
 * @param order how the graph's value is laid out
 */
record KerasValue(String value, Shape shape, Order order) {
    KerasValue(String value, long[] dims, Order order) {
        this(value, Shape.of(dims), order);
    }

    /** Layouts of a value. */
    enum Order {
        /** As Keras has it. */
        KERAS,
        /** The last axis of Keras, the channels, stands first. */
        CHANNELS_FIRST,
        /** Flattened from {@link #CHANNELS_FIRST}; the shape is that before flattening. */
        FLAT_CHANNELS_FIRST
    }

    long[] dims() {
        return shape.toArray();
    }

    long channels() {
        return shape.dim(-1);
    }

    /** The product of the spatial extents. */
    long positions() {
        long product = 1;
        for (int i = 0; i < shape.rank() - 1; i++) {
            product = Math.multiplyExact(product, shape.dim(i));
        }
        return product;
    }

    /** Number of elements per sample. */
    long elements() {
        return Math.multiplyExact(positions(), shape.rank() == 0 ? 1 : channels());
    }

    /** The same layout under another name. */
    KerasValue renamed(String other) {
        return new KerasValue(other, shape, order);
    }
}
