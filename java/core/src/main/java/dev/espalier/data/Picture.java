package dev.espalier.data;

import java.util.Arrays;

/** A decoded image: bytes in channel, row, column order; one channel is grey, three are red, green, blue. */
public final class Picture {
    private final int channels;
    private final int height;
    private final int width;
    private final byte[] bytes;

    /** Takes over {@code bytes}. */
    public Picture(int channels, int height, int width, byte[] bytes) {
        if ((channels != 1 && channels != 3) || bytes.length != channels * height * width) {
            throw new IllegalArgumentException(
                    "picture of " + channels + "x" + height + "x" + width + ": " + bytes.length + " bytes");
        }
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.bytes = bytes;
    }

    public int channels() {
        return channels;
    }

    public int height() {
        return height;
    }

    public int width() {
        return width;
    }

    /** The picture's own bytes. */
    public byte[] bytes() {
        return bytes;
    }

    /** Grey repeated in three channels, or RGB as luma (ITU-R BT.601: 0.299, 0.587, 0.114). */
    public Picture withChannels(int wanted) {
        if (wanted == channels) {
            return this;
        }
        int plane = height * width;
        byte[] converted = new byte[wanted * plane];
        if (wanted == 3) {
            for (int c = 0; c < 3; c++) {
                System.arraycopy(bytes, 0, converted, c * plane, plane);
            }
        } else {
            for (int i = 0; i < plane; i++) {
                int luma =
                        299 * (bytes[i] & 0xFF) + 587 * (bytes[plane + i] & 0xFF) + 114 * (bytes[2 * plane + i] & 0xFF);
                converted[i] = (byte) ((luma + 500) / 1000);
            }
        }
        return new Picture(wanted, height, width, converted);
    }

    /**
     * The picture stretched to a size, axis by axis: where an axis shrinks, each sample is the mean of the span it covers
     * (area); where it grows, samples are interpolated between pixel centres (bilinear), edges repeated.
     */
    public Picture resized(ImageSize size) {
        if (size.height() == height && size.width() == width) {
            return this;
        }
        Taps across = Taps.between(width, size.width());
        Taps down = Taps.between(height, size.height());
        byte[] resized = new byte[channels * size.height() * size.width()];
        float[] row = new float[size.width()];
        float[] narrowed = new float[height * size.width()];
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < height; y++) {
                across.row(bytes, (c * height + y) * width, narrowed, y * size.width());
            }
            for (int y = 0; y < size.height(); y++) {
                Arrays.fill(row, 0f);
                down.accumulate(y, narrowed, row);
                int at = (c * size.height() + y) * size.width();
                for (int x = 0; x < row.length; x++) {
                    resized[at + x] = (byte) Math.min(255, (int) (row[x] + 0.5f));
                }
            }
        }
        return new Picture(channels, size.height(), size.width(), resized);
    }

    /** The middle of the picture; it must be at least of this size. */
    public Picture cropped(ImageSize size) {
        if (size.height() == height && size.width() == width) {
            return this;
        }
        int top = (height - size.height()) / 2;
        int left = (width - size.width()) / 2;
        byte[] cropped = new byte[channels * size.height() * size.width()];
        for (int row = 0; row < channels * size.height(); row++) {
            int from = ((row / size.height()) * height + top + row % size.height()) * width + left;
            System.arraycopy(bytes, from, cropped, row * size.width(), size.width());
        }
        return new Picture(channels, size.height(), size.width(), cropped);
    }
}
