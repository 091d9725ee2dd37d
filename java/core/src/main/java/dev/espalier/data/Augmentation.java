package dev.espalier.data;

import java.util.Objects;

/**
 * Random changes to training images, each drawn anew per image and epoch; what moves in from outside an image under zoom,
 * shear, shift and rotation repeats its edge.
 *
 * @param horizontalFlip mirror left and right with probability one half
 * @param zoom each axis is scaled by a factor drawn from {@code [1 - zoom, 1 + zoom]}; below 1
 * @param shear rows slide by a factor from {@code [-shear, shear]} of their distance to the centre
 * @param shift the image moves by a share of its height and width from {@code [-shift, shift]}; at most 1
 * @param rotation the image turns by an angle from {@code [-rotation, rotation]} degrees
 * @param crop random crop out of the padded image
 * @param mixed changes to samples that are not images alone
 */
public record Augmentation(
        boolean horizontalFlip,
        double zoom,
        double shear,
        double shift,
        double rotation,
        Crop crop,
        MixedAugmentation mixed) {
    public Augmentation {
        Objects.requireNonNull(crop, "crop");
        Objects.requireNonNull(mixed, "mixed");
        within("zoom", zoom, 0.99);
        within("shear", shear, 10);
        within("shift", shift, 1);
        within("rotation", rotation, 180);
    }

    static void within(String name, double value, double largest) {
        if (!(value >= 0 && value <= largest)) {
            throw new DataException("augmentation " + name + ": expected 0 to " + largest + ", got " + value);
        }
    }

    public static Augmentation none() {
        return new Augmentation(false, 0, 0, 0, 0, Crop.none(), MixedAugmentation.none());
    }

    public Augmentation withHorizontalFlip(boolean flip) {
        return new Augmentation(flip, zoom, shear, shift, rotation, crop, mixed);
    }

    public Augmentation withZoom(double newZoom) {
        return new Augmentation(horizontalFlip, newZoom, shear, shift, rotation, crop, mixed);
    }

    public Augmentation withShear(double newShear) {
        return new Augmentation(horizontalFlip, zoom, newShear, shift, rotation, crop, mixed);
    }

    public Augmentation withShift(double newShift) {
        return new Augmentation(horizontalFlip, zoom, shear, newShift, rotation, crop, mixed);
    }

    public Augmentation withRotation(double degrees) {
        return new Augmentation(horizontalFlip, zoom, shear, shift, degrees, crop, mixed);
    }

    public Augmentation withCrop(Crop newCrop) {
        return new Augmentation(horizontalFlip, zoom, shear, shift, rotation, newCrop, mixed);
    }

    public Augmentation withMixed(MixedAugmentation newMixed) {
        return new Augmentation(horizontalFlip, zoom, shear, shift, rotation, crop, newMixed);
    }

    /** True if images are resampled between pixels. */
    boolean resamples() {
        return zoom > 0 || shear > 0 || shift > 0 || rotation > 0;
    }

    /** True if pixels move by whole steps. */
    boolean movesPixels() {
        return horizontalFlip || crop.padding() > 0;
    }
}
