package dev.espalier.manifest.check;

import dev.espalier.data.Picture;
import dev.espalier.data.Statistics;

/** Exact sums over the pixels of pictures with one number of channels. */
final class ChannelTotals {
    private final long[] sums;
    private final long[] squares;
    private long pixels;

    ChannelTotals(int channels) {
        sums = new long[channels];
        squares = new long[channels];
    }

    static ChannelTotals of(Picture picture) {
        ChannelTotals totals = new ChannelTotals(picture.channels());
        int plane = picture.height() * picture.width();
        totals.pixels = plane;
        byte[] bytes = picture.bytes();
        for (int c = 0; c < picture.channels(); c++) {
            for (int i = c * plane; i < (c + 1) * plane; i++) {
                long value = bytes[i] & 0xFF;
                totals.sums[c] += value;
                totals.squares[c] += value * value;
            }
        }
        return totals;
    }

    int channels() {
        return sums.length;
    }

    void add(ChannelTotals other) {
        pixels += other.pixels;
        for (int c = 0; c < sums.length; c++) {
            sums[c] += other.sums[c];
            squares[c] += other.squares[c];
        }
    }

    Statistics statistics() {
        return Statistics.ofTotals(pixels, sums, squares);
    }
}
