package dev.espalier.manifest.audio;

import java.nio.ByteBuffer;

/** How WAV files store a sample; A-law and mu-law as in ITU-T G.711, full scale being 2^15 of its 16-bit form. */
enum SampleCoding {
    U8(1),
    S16(2),
    S24(3),
    S32(4),
    F32(4),
    F64(8),
    A_LAW(1),
    MU_LAW(1);

    private final int bytes;

    SampleCoding(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of a sample. */
    int bytes() {
        return bytes;
    }

    /** The sample whose little-endian bytes start at {@code at}, full scale being 1. */
    double read(ByteBuffer in, int at) {
        return switch (this) {
            case U8 -> ((in.get(at) & 0xFF) - 128) * 0x1p-7;
            case S16 -> in.getShort(at) * 0x1p-15;
            case S24 -> ((in.get(at + 2) << 16) | (in.getShort(at) & 0xFFFF)) * 0x1p-23;
            case S32 -> in.getInt(at) * 0x1p-31;
            case F32 -> in.getFloat(at);
            case F64 -> in.getDouble(at);
            case A_LAW -> aLaw(in.get(at) ^ 0x55) * 0x1p-15;
            case MU_LAW -> muLaw(~in.get(at)) * 0x1p-15;
        };
    }

    /** A set sign bit means positive; steps double from the second segment on. */
    private static int aLaw(int code) {
        int segment = code >> 4 & 7;
        int centre = ((code & 15) << 4) + 8;
        int size = segment == 0 ? centre : (centre + 256) << (segment - 1);
        return (code & 0x80) == 0 ? -size : size;
    }

    /** A set sign bit means negative; the bias of 33 steps of 4 makes every segment start where the one before ends. */
    private static int muLaw(int code) {
        int segment = code >> 4 & 7;
        int size = ((((code & 15) << 3) + 132) << segment) - 132;
        return (code & 0x80) == 0 ? size : -size;
    }
}
