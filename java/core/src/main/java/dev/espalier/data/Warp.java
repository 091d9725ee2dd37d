package dev.espalier.data;

/**
 * Random affine maps of images about their centre; what moves in from outside repeats the image's edge.
 *
 * @param zoom each axis is scaled by a factor drawn from {@code [1 - zoom, 1 + zoom]}; below 1
 * @param shear rows slide by a factor from {@code [-shear, shear]} of their distance to the centre
 * @param shift the image moves by a share of its height and width from {@code [-shift, shift]}; at most 1
 * @param rotation the image turns by an angle from {@code [-rotation, rotation]} degrees
 */
public record Warp(double zoom, double shear, double shift, double rotation) {
    /** No movement. */
    public static final Warp NONE = new Warp(0, 0, 0, 0);

    public Warp {
        Augmentation.within("zoom", zoom, 0.99);
        Augmentation.within("shear", shear, 10);
        Augmentation.within("shift", shift, 1);
        Augmentation.within("rotation", rotation, 180);
    }

    boolean moves() {
        return zoom > 0 || shear > 0 || shift > 0 || rotation > 0;
    }
}
