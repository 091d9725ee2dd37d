package dev.espalier.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The bytes of one image in the data set's format. */
final class Row {
    private final byte[] bytes;
    private final int channels;

    /** Takes over {@code bytes}, of which each channel has an equal part. */
    Row(byte[] bytes, int channels) {
        this.bytes = bytes;
        this.channels = channels;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Per channel the sum of the bytes, then per channel the sum of their squares, as little-endian 64-bit integers. */
    ByteBuffer moments() {
        ByteBuffer moments = ByteBuffer.allocate(16 * channels).order(ByteOrder.LITTLE_ENDIAN);
        int plane = bytes.length / channels;
        for (int c = 0; c < channels; c++) {
            long sum = 0;
            long squares = 0;
            for (int i = c * plane; i < (c + 1) * plane; i++) {
                int value = bytes[i] & 0xFF;
                sum += value;
                squares += (long) value * value;
            }
            moments.putLong(8 * c, sum).putLong(8 * (channels + c), squares);
        }
        return moments;
    }
}
