package dev.espalier.manifest.audio;

/** A cyclic redundancy check, highest bit first, that starts at 0 and is not inverted. */
final class Crc {
    /** x^8 + x^2 + x + 1. */
    static final Crc CRC_8 = new Crc(8, 0x07);
    /** x^16 + x^15 + x^2 + 1. */
    static final Crc CRC_16 = new Crc(16, 0x8005);

    private final int width;
    private final int[] table = new int[256];

    private Crc(int width, int polynomial) {
        this.width = width;
        int top = 1 << (width - 1);
        for (int value = 0; value < table.length; value++) {
            int rest = value << (width - 8);
            for (int bit = 0; bit < 8; bit++) {
                rest = (rest & top) == 0 ? rest << 1 : (rest << 1) ^ polynomial;
            }
            table[value] = rest & ((1 << width) - 1);
        }
    }

    /** The check of the bytes from {@code from} to before {@code to}. */
    int of(byte[] bytes, int from, int to) {
        int rest = 0;
        for (int i = from; i < to; i++) {
            rest = ((rest << 8) ^ table[((rest >> (width - 8)) ^ bytes[i]) & 0xFF]) & ((1 << width) - 1);
        }
        return rest;
    }

    /** Compares with a check that was stored right behind the bytes. */
    void require(byte[] bytes, int from, int to, long stored) throws CorruptAudioException {
        int computed = of(bytes, from, to);
        if (computed != stored) {
            throw new CorruptAudioException("the CRC-" + width + " of the frame at byte " + from + ": expected "
                    + stored + ", got " + computed);
        }
    }
}
