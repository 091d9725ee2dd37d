package dev.espalier.model;

import dev.espalier.runtime.Shape;
import java.util.function.DoubleFunction;

/**
 * Networks for the same samples that differ in the width of their layers.
 *
 * @param name what tells it from others for these samples
 * @param layers the network, not yet built, whose hidden channels are multiplied by a factor above 0
 */
public record Architecture(String name, DoubleFunction<ModelBuilder> layers) {
    /**
     * One of {@link Models#names()}.
     *
     * @param sample the shape of one sample
     */
    public static Architecture named(String name, Shape sample, int classes) {
        return new Architecture(name, width -> Models.layers(name, sample, classes, width));
    }

    /** With fresh weights. */
    public Model model(double width, long seed) {
        return layers.apply(width).build(seed);
    }

    /** Multiply-accumulates per sample. */
    public long macs(double width) {
        return layers.apply(width).graph().macs();
    }
}
