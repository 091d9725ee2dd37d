package dev.espalier.manifest.audio;

import java.io.ByteArrayOutputStream;

/** Writes numbers of any width into bytes, highest bit first. */
final class BitWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int pending;
    private int pendingBits;

    /** The lowest {@code count} bits of a number. */
    BitWriter put(long number, int count) {
        for (int bit = count - 1; bit >= 0; bit--) {
            pending = pending << 1 | (int) (number >> bit & 1);
            pendingBits++;
            if (pendingBits == 8) {
                out.write(pending);
                pending = 0;
                pendingBits = 0;
            }
        }
        return this;
    }

    /** So many zeros, then a one. */
    BitWriter unary(long zeros) {
        for (long i = 0; i < zeros; i++) {
            put(0, 1);
        }
        return put(1, 1);
    }

    BitWriter align() {
        return put(0, (8 - pendingBits) % 8);
    }

    BitWriter bytes(byte[] bytes) {
        for (byte value : bytes) {
            put(value, 8);
        }
        return this;
    }

    byte[] toBytes() {
        return out.toByteArray();
    }

    /** A CRC of whole bytes by its definition: division of polynomials, bit by bit. */
    static int crc(byte[] bytes, int width, int polynomial) {
        int rest = 0;
        for (byte value : bytes) {
            for (int bit = 7; bit >= 0; bit--) {
                int top = rest >> (width - 1) & 1;
                rest = (rest << 1) & ((1 << width) - 1);
                rest ^= (top ^ (value >> bit & 1)) * polynomial;
            }
        }
        return rest;
    }
}
