package dev.espalier.formats.hostile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Damage that needs no knowledge of the format: flipped bits, cuts, copies, and whole numbers that lengths might be. */
final class ByteEdits {
    private static final long[] NUMBERS = {
        0,
        1,
        2,
        127,
        128,
        255,
        256,
        65535,
        65536,
        0x7fffffffL,
        0x80000000L,
        0xffffffffL,
        0x100000000L,
        Long.MAX_VALUE,
        -1,
        -2,
        Long.MIN_VALUE,
        1L << 40
    };

    static final List<Edit> ALL = List.of(
            ByteEdits::flip,
            ByteEdits::overwrite,
            ByteEdits::truncate,
            ByteEdits::delete,
            ByteEdits::splice,
            ByteEdits::number,
            ByteEdits::number,
            ByteEdits::grow);

    private ByteEdits() {}

    /** A number at which arithmetic on sizes breaks, or one near {@code value}. */
    static long number(Random random, long value) {
        return switch (random.nextInt(4)) {
            case 0 -> value + random.nextInt(9) - 4;
            case 1 -> value * (2 + random.nextInt(1000));
            default -> NUMBERS[random.nextInt(NUMBERS.length)];
        };
    }

    private static byte[] flip(byte[] file, Random random) {
        byte[] out = file.clone();
        for (int i = 0, n = 1 + random.nextInt(8); i < n; i++) {
            out[random.nextInt(out.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return out;
    }

    private static byte[] overwrite(byte[] file, Random random) {
        byte[] out = file.clone();
        int at = random.nextInt(out.length);
        int end = Math.min(out.length, at + 1 + random.nextInt(16));
        byte fill = (byte) random.nextInt(256);
        for (int i = at; i < end; i++) {
            out[i] = random.nextBoolean() ? fill : (byte) random.nextInt(256);
        }
        return out;
    }

    private static byte[] truncate(byte[] file, Random random) {
        return Arrays.copyOf(file, random.nextInt(file.length));
    }

    private static byte[] delete(byte[] file, Random random) {
        int at = random.nextInt(file.length);
        return replace(file, at, Math.min(file.length, at + 1 + random.nextInt(64)), new byte[0]);
    }

    private static byte[] splice(byte[] file, Random random) {
        int from = random.nextInt(file.length);
        byte[] piece = Arrays.copyOfRange(file, from, Math.min(file.length, from + 1 + random.nextInt(256)));
        int at = random.nextInt(file.length);
        int end = random.nextBoolean() ? at : Math.min(file.length, at + piece.length);
        return replace(file, at, end, piece);
    }

    /** Overwrites one, two, four or eight bytes with a number that might be a length. */
    private static byte[] number(byte[] file, Random random) {
        int width = 1 << random.nextInt(4);
        if (file.length < width) {
            return file.clone();
        }
        byte[] out = file.clone();
        int at = random.nextInt(file.length - width + 1);
        if (random.nextInt(3) == 0) {
            at = Math.min(at % 64, file.length - width); // heads are where the lengths are
        }
        ByteOrder order = random.nextInt(5) == 0 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        ByteBuffer view = ByteBuffer.wrap(out).order(order);
        switch (width) {
            case 1 -> out[at] = (byte) number(random, out[at]);
            case 2 -> view.putShort(at, (short) number(random, view.getShort(at)));
            case 4 -> view.putInt(at, (int) number(random, view.getInt(at)));
            default -> view.putLong(at, number(random, view.getLong(at)));
        }
        return out;
    }

    private static byte[] grow(byte[] file, Random random) {
        byte[] more = new byte[1 + random.nextInt(512)];
        if (random.nextBoolean()) {
            random.nextBytes(more);
        }
        return replace(file, file.length, file.length, more);
    }

    /** The file with the bytes [begin, end) replaced. */
    static byte[] replace(byte[] file, int begin, int end, byte[] piece) {
        byte[] out = new byte[file.length - (end - begin) + piece.length];
        System.arraycopy(file, 0, out, 0, begin);
        System.arraycopy(piece, 0, out, begin, piece.length);
        System.arraycopy(file, end, out, begin + piece.length, file.length - end);
        return out;
    }
}
