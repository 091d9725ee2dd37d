package dev.espalier.data;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;

/**
 * Applies an augmentation to batches of one epoch; what happens to an image depends on seed, epoch and the key of
 * its visit only.
 */
public final class Augmenter {
    /** Random numbers that each image may use. */
    private static final int DRAWS = 16;

    private static final int FLIP = 0;
    private static final int CROP_Y = 1;
    private static final int CROP_X = 2;
    private static final int ZOOM_X = 3;
    private static final int ZOOM_Y = 4;
    private static final int SHEAR = 5;
    private static final int SHIFT_X = 6;
    private static final int SHIFT_Y = 7;
    private static final int ROTATION = 8;
    private static final int FLIP_Y = 9;
    private static final int CUT_Y = 10;
    private static final int CUT_X = 11;

    private final Augmentation augmentation;
    private final Philox random;

    public Augmenter(Augmentation augmentation, long seed, int epoch) {
        this.augmentation = augmentation;
        this.random = new Philox(seed, Philox.AUGMENT, epoch);
    }

    /**
     * Scales and augments.
     *
     * @param bytes U8 [n, c, h, w]
     * @param images what keys the random numbers of each image
     * @return F32 of the same shape in 0..1, sharing nothing with {@code bytes}
     */
    public Tensor apply(Tensor bytes, int[] images) {
        Tensor moved = augmentation.movesPixels() ? move(bytes, images) : bytes;
        Tensor pixels = moved.to(DType.F32).divInPlace(255);
        if (!augmentation.resamples()) {
            return pixels;
        }
        long[] size = pixels.shape().toArray();
        Tensor theta =
                Tensor.of(maps(images, size[2], size[3]), images.length, 2, 3).to(bytes.device());
        return Nn.gridSample(pixels, Nn.affineGrid(theta, size), false);
    }

    /** Crops and flips in two gathers: whole rows of all planes, then whole columns. */
    private Tensor move(Tensor bytes, int[] images) {
        int height = (int) bytes.size(2);
        int width = (int) bytes.size(3);
        int[] top = new int[images.length];
        int[] left = new int[images.length];
        boolean[] flipped = new boolean[images.length];
        boolean[] upsideDown = new boolean[images.length];
        int padding = augmentation.crop().padding();
        for (int i = 0; i < images.length; i++) {
            long draw = (long) images[i] * DRAWS;
            top[i] = random.below(draw + CROP_Y, 2 * padding + 1) - padding;
            left[i] = random.below(draw + CROP_X, 2 * padding + 1) - padding;
            flipped[i] = augmentation.horizontalFlip() && random.uniform(draw + FLIP) < 0.5;
            upsideDown[i] = augmentation.verticalFlip() && random.uniform(draw + FLIP_Y) < 0.5;
        }
        boolean rowsMove = padding > 0 || augmentation.verticalFlip();
        Tensor rows = rowsMove ? gather(bytes, new AxisMap(height, top, upsideDown)) : bytes;
        return gather(rows.transpose(2, 3).contiguous(), new AxisMap(width, left, flipped))
                .transpose(2, 3)
                .contiguous();
    }

    /** Gathers along axis 2 of [n, c, a, b]. */
    private Tensor gather(Tensor planes, AxisMap map) {
        long[] size = planes.shape().toArray();
        Device device = planes.device();
        Tensor index = Tensor.of(map.sources((int) size[1], augmentation.crop().border()), size[0] * size[1] * size[2]);
        Tensor moved = planes.reshape(size[0] * size[1] * size[2], size[3])
                .indexSelect(0, index.to(device))
                .reshape(size);
        if (augmentation.crop().border() == Crop.Border.ZERO
                && augmentation.crop().padding() > 0) {
            moved.mulInPlace(Tensor.of(map.inside(), size[0], 1, size[2], 1).to(device));
        }
        return moved;
    }

    /**
     * Blanks a square of each image.
     *
     * @param inputs F32 [n, c, h, w]; overwritten
     * @param images what keys the random numbers of each image
     * @param blank what the square shows; of normalised images 0, the mean
     */
    public void cut(Tensor inputs, int[] images, double blank) {
        int height = (int) inputs.size(2);
        int width = (int) inputs.size(3);
        int side = (int) Math.round(augmentation.cutout() * Math.min(height, width));
        if (side == 0) {
            return;
        }
        Tensor rows = Tensor.of(spans(images, CUT_Y, height, side), images.length, 1, height, 1);
        Tensor columns = Tensor.of(spans(images, CUT_X, width, side), images.length, 1, 1, width);
        Tensor hole = rows.to(inputs.device()).mul(columns.to(inputs.device()));
        inputs.subInPlace(inputs.sub(blank).mul(hole));
    }

    /** For each image 1 at {@code length} positions about a random centre, as far as they are inside, and 0 elsewhere. */
    private float[] spans(int[] images, int draw, int extent, int length) {
        float[] spans = new float[images.length * extent];
        for (int i = 0; i < images.length; i++) {
            int from = random.below((long) images[i] * DRAWS + draw, extent) - length / 2;
            for (int at = Math.max(0, from); at < Math.min(extent, from + length); at++) {
                spans[i * extent + at] = 1;
            }
        }
        return spans;
    }

    /**
     * For each image the map from output to input positions, in coordinates from -1 to 1 across the image: rotation after
     * shear after zoom about the centre, then shift.
     */
    private float[] maps(int[] images, long height, long width) {
        double aspect = (double) height / width;
        float[] maps = new float[6 * images.length];
        for (int i = 0; i < images.length; i++) {
            long draw = (long) images[i] * DRAWS;
            double zoomX = 1 + draw(draw + ZOOM_X, augmentation.warp().zoom());
            double zoomY = 1 + draw(draw + ZOOM_Y, augmentation.warp().zoom());
            double shear = draw(draw + SHEAR, augmentation.warp().shear());
            double angle =
                    Math.toRadians(draw(draw + ROTATION, augmentation.warp().rotation()));
            double cos = Math.cos(angle);
            double sin = Math.sin(angle);
            maps[6 * i] = (float) (zoomX * cos);
            maps[6 * i + 1] = (float) (zoomY * (cos * shear - sin) * aspect);
            maps[6 * i + 2] =
                    (float) (2 * draw(draw + SHIFT_X, augmentation.warp().shift()));
            maps[6 * i + 3] = (float) (zoomX * sin / aspect);
            maps[6 * i + 4] = (float) (zoomY * (sin * shear + cos));
            maps[6 * i + 5] =
                    (float) (2 * draw(draw + SHIFT_Y, augmentation.warp().shift()));
        }
        return maps;
    }

    private double draw(long index, double range) {
        return range == 0 ? 0 : random.uniform(index, -range, range);
    }
}
