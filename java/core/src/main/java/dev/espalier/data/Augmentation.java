package dev.espalier.data;

import java.util.Objects;

/**
 * Random changes to training images, each drawn anew per image and epoch.
 *
 * @param horizontalFlip mirror left and right with probability one half
 * @param verticalFlip mirror top and bottom with probability one half
 * @param warp zoom, shear, shift and rotation
 * @param crop random crop out of the padded image
 * @param cutout the side of a square that is blanked to the mean, its centre anywhere in the image, as a share of the image's shorter side; at most 1
 *     (DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", 2017)
 * @param mixed changes to samples that are not images alone
 */
public record Augmentation(
        boolean horizontalFlip, boolean verticalFlip, Warp warp, Crop crop, double cutout, MixedAugmentation mixed) {
    public Augmentation {
        Objects.requireNonNull(warp, "warp");
        Objects.requireNonNull(crop, "crop");
        Objects.requireNonNull(mixed, "mixed");
        within("cutout", cutout, 1);
    }

    static void within(String name, double value, double largest) {
        if (!(value >= 0 && value <= largest)) {
            throw new DataException("augmentation " + name + ": expected 0 to " + largest + ", got " + value);
        }
    }

    public static Augmentation none() {
        return new Augmentation(false, false, Warp.NONE, Crop.none(), 0, MixedAugmentation.none());
    }

    public Augmentation withHorizontalFlip(boolean flip) {
        return new Augmentation(flip, verticalFlip, warp, crop, cutout, mixed);
    }

    public Augmentation withVerticalFlip(boolean flip) {
        return new Augmentation(horizontalFlip, flip, warp, crop, cutout, mixed);
    }

    public Augmentation withWarp(Warp newWarp) {
        return new Augmentation(horizontalFlip, verticalFlip, newWarp, crop, cutout, mixed);
    }

    public Augmentation withZoom(double zoom) {
        return withWarp(new Warp(zoom, warp.shear(), warp.shift(), warp.rotation()));
    }

    public Augmentation withShear(double shear) {
        return withWarp(new Warp(warp.zoom(), shear, warp.shift(), warp.rotation()));
    }

    public Augmentation withShift(double shift) {
        return withWarp(new Warp(warp.zoom(), warp.shear(), shift, warp.rotation()));
    }

    public Augmentation withRotation(double degrees) {
        return withWarp(new Warp(warp.zoom(), warp.shear(), warp.shift(), degrees));
    }

    public Augmentation withCrop(Crop newCrop) {
        return new Augmentation(horizontalFlip, verticalFlip, warp, newCrop, cutout, mixed);
    }

    public Augmentation withCutout(double share) {
        return new Augmentation(horizontalFlip, verticalFlip, warp, crop, share, mixed);
    }

    public Augmentation withMixed(MixedAugmentation newMixed) {
        return new Augmentation(horizontalFlip, verticalFlip, warp, crop, cutout, newMixed);
    }

    /** True if images are resampled between pixels. */
    boolean resamples() {
        return warp.moves();
    }

    /** True if pixels move by whole steps. */
    boolean movesPixels() {
        return horizontalFlip || verticalFlip || crop.padding() > 0;
    }
}
