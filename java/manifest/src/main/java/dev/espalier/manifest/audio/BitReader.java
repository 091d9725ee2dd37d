package dev.espalier.manifest.audio;

import java.nio.ByteBuffer;

/** Reads numbers of any width from bytes, highest bit first. */
final class BitReader {
    private final ByteBuffer bytes;
    private final long end;
    /** The next bit. */
    private long position;

    /** @param from the first byte */
    BitReader(byte[] bytes, int from) {
        this.bytes = ByteBuffer.wrap(bytes);
        this.end = 8L * bytes.length;
        this.position = 8L * from;
    }

    /** An unsigned number of 0 to 57 bits. */
    long bits(int count) throws CorruptAudioException {
        long window = window();
        skip(count);
        return count == 0 ? 0 : window >>> (64 - count);
    }

    /** A number in two's complement of 1 to 57 bits. */
    long signed(int count) throws CorruptAudioException {
        long window = window();
        skip(count);
        return window >> (64 - count);
    }

    /** The number of zeros before the next one, which is read too. */
    long unary() throws CorruptAudioException {
        long start = position;
        while (true) {
            int zeros = Long.numberOfLeadingZeros(window());
            int known = 64 - (int) (position & 7);
            if (zeros < known) {
                skip(zeros + 1);
                return position - start - 1;
            }
            skip(known);
        }
    }

    /** Goes to the next byte, unless at the start of one. */
    void align() {
        position = (position + 7) & ~7L;
    }

    void skipBytes(int count) throws CorruptAudioException {
        skip(8L * count);
    }

    /** The byte of the next bit. */
    int at() {
        return (int) (position >> 3);
    }

    private void skip(long count) throws CorruptAudioException {
        position += count;
        if (position > end) {
            throw new CorruptAudioException("the file ends early, within a frame");
        }
    }

    /** The next 57 bits or more from the top; zeros stand for what lies beyond the end. */
    private long window() {
        int at = at();
        int left = bytes.limit() - at;
        if (left >= 8) {
            return bytes.getLong(at) << (position & 7);
        }
        long word = 0;
        for (int i = 0; i < left; i++) {
            word |= (bytes.get(at + i) & 0xFFL) << (56 - 8 * i);
        }
        return word << (position & 7);
    }
}
