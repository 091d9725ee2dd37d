package dev.espalier.data;

import java.util.Objects;

/**
 * A random crop of the image's own size out of the image with a border added on every side.
 *
 * @param padding width of the border in pixels; 0 for no crop
 * @param border what the border shows
 */
public record Crop(int padding, Border border) {
    /** What lies outside an image. */
    public enum Border {
        /** Black. */
        ZERO,
        /** The image mirrored at its outermost pixels, which are not repeated. */
        REFLECT
    }

    public Crop {
        Objects.requireNonNull(border, "border");
        if (padding < 0) {
            throw new DataException("crop padding: expected at least 0, got " + padding);
        }
    }

    public static Crop none() {
        return new Crop(0, Border.ZERO);
    }
}
