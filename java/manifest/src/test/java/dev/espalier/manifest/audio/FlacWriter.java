package dev.espalier.manifest.audio;

import dev.espalier.data.Philox;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Writes FLAC files that use every feature of the format, drawn at random, most of which no sensible encoder would choose: all
 * subframe types, all orders, escaped partitions, wasted bits, all channel assignments, both numberings of frames.
 */
final class FlacWriter {
    private static final long[][] FIXED = {{}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}};

    private final long[][] channels;
    private final int bits;
    private final Philox random;
    private long draws;

    private FlacWriter(long[][] channels, int bits, long seed) {
        this.channels = channels;
        this.bits = bits;
        this.random = new Philox(seed, 0, 0);
    }

    private int below(int bound) {
        return random.below(draws++, bound);
    }

    /**
     * A file at 8000 Hz.
     *
     * @param channels samples of each channel
     * @param frame samples of a frame
     * @param known whether the number of samples and their MD5 are told
     */
    static byte[] write(long[][] channels, int bits, int frame, boolean known, long seed) {
        return new FlacWriter(channels, bits, seed).write(frame, known);
    }

    private byte[] write(int frame, boolean known) {
        int total = channels[0].length;
        BitWriter out = new BitWriter().bytes(new byte[] {'f', 'L', 'a', 'C'});
        out.put(0, 8).put(34, 24).put(frame, 16).put(frame, 16).put(0, 48);
        out.put(8000, 20).put(channels.length - 1, 3).put(bits - 1, 5).put(known ? total : 0, 36);
        out.bytes(known ? md5() : new byte[16]);
        out.put(0x84, 8).put(3, 24).bytes(new byte[3]);
        boolean byFrames = below(2) == 0;
        for (int from = 0; from < total; from += frame) {
            int length = Math.min(frame, total - from);
            out.bytes(frame(from, length, byFrames, byFrames ? from / frame : from));
        }
        return out.toBytes();
    }

    private byte[] md5() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < channels[0].length; i++) {
            for (long[] channel : channels) {
                for (int b = 0; b < bits; b += 8) {
                    all.write((int) (channel[i] >> b));
                }
            }
        }
        try {
            return MessageDigest.getInstance("MD5").digest(all.toByteArray());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private byte[] frame(int from, int length, boolean byFrames, long number) {
        int assignment = channels.length == 2 ? new int[] {1, 8, 9, 10}[below(4)] : channels.length - 1;
        BitWriter head = new BitWriter().put(0x7FFC, 15).put(byFrames ? 0 : 1, 1);
        boolean shortLength = length <= 256 && below(2) == 0;
        head.put(shortLength ? 6 : 7, 4)
                .put(new int[] {0, 4, 12, 13, 14}[below(5)], 4)
                .put(assignment, 4)
                .put(0, 4);
        byte[] start = head.toBytes();
        head.bytes(coded(number)).put(length - 1, shortLength ? 8 : 16);
        switch (start[2] & 15) {
            case 12 -> head.put(8, 8);
            case 13 -> head.put(8000, 16);
            case 14 -> head.put(800, 16);
            default -> head.put(0, 0);
        }
        byte[] header = head.toBytes();
        BitWriter out = new BitWriter().bytes(header).put(BitWriter.crc(header, 8, 0x07), 8);
        for (int c = 0; c < channels.length; c++) {
            subframe(out, content(c, from, length, assignment), bits + (isSide(c, assignment) ? 1 : 0));
        }
        byte[] frame = out.align().toBytes();
        return out.put(BitWriter.crc(frame, 16, 0x8005), 16).toBytes();
    }

    /** As UTF-8, up to 36 bits. */
    private static byte[] coded(long number) {
        if (number < 0x80) {
            return new byte[] {(byte) number};
        }
        int more = 1;
        while (number >> (6 - more + 6 * more) > 0) {
            more++;
        }
        byte[] bytes = new byte[more + 1];
        bytes[0] = (byte) ((0xFF00 >> (more + 1)) | (number >> (6 * more)));
        for (int i = 1; i <= more; i++) {
            bytes[i] = (byte) (0x80 | ((number >> (6 * (more - i))) & 0x3F));
        }
        return bytes;
    }

    private static boolean isSide(int channel, int assignment) {
        return channel == 1 ? assignment == 8 || assignment == 10 : channel == 0 && assignment == 9;
    }

    private long[] content(int channel, int from, int length, int assignment) {
        long[] content = new long[length];
        for (int i = 0; i < length; i++) {
            long own = channels[channel][from + i];
            if (isSide(channel, assignment)) {
                own = channels[0][from + i] - channels[1][from + i];
            } else if (assignment == 10) {
                own = (channels[0][from + i] + channels[1][from + i]) >> 1;
            }
            content[i] = own;
        }
        return content;
    }

    private void subframe(BitWriter out, long[] samples, int width) {
        long used = Arrays.stream(samples).reduce(0, (a, b) -> a | b);
        int wasted = used == 0 || below(3) == 0 ? 0 : Long.numberOfTrailingZeros(used);
        int narrow = width - wasted;
        long[] rest = Arrays.stream(samples).map(s -> s >> wasted).toArray();
        boolean constant = Arrays.stream(rest).allMatch(s -> s == rest[0]);
        int drawn = below(constant ? 4 : 3);
        int order = Math.min(samples.length, drawn == 1 ? below(5) : 1 + below(32));
        long[] weights = drawn == 1 ? FIXED[order] : weights(order);
        int shift = drawn == 1 ? 0 : 3 + below(5);
        long[] residual = residual(rest, weights, shift);
        int kind = Arrays.stream(residual).allMatch(r -> r == (int) r) ? drawn : 0;
        int type = kind == 0 ? 1 : kind == 1 ? 8 + order : kind == 2 ? 31 + order : 0;
        out.put(0, 1).put(type, 6).put(wasted > 0 ? 1 : 0, 1);
        if (wasted > 0) {
            out.unary(wasted - 1);
        }
        switch (kind) {
            case 0 -> plain(out, rest, rest.length, narrow);
            case 1, 2 -> {
                plain(out, rest, order, narrow);
                if (kind == 2) {
                    int precision = 2 + below(14);
                    out.put(precision - 1, 4).put(shift, 5);
                    plain(out, weights, order, precision);
                }
                residual(out, residual, order);
            }
            default -> out.put(rest[0], narrow);
        }
    }

    /** Small enough for the sum of their sizes to stay below 2^3 after the least shift. */
    private long[] weights(int order) {
        long[] weights = new long[order];
        for (int i = 0; i < order; i++) {
            weights[i] = below(3) - 1L;
        }
        return weights;
    }

    private static void plain(BitWriter out, long[] samples, int count, int width) {
        for (int i = 0; i < count; i++) {
            out.put(samples[i], width);
        }
    }

    /** 0 for the samples that the predictor starts from. */
    private static long[] residual(long[] samples, long[] weights, int shift) {
        long[] residual = new long[samples.length];
        for (int i = weights.length; i < samples.length; i++) {
            long sum = 0;
            for (int k = 0; k < weights.length; k++) {
                sum += weights[k] * samples[i - 1 - k];
            }
            residual[i] = samples[i] - (sum >> shift);
        }
        return residual;
    }

    private void residual(BitWriter out, long[] residual, int order) {
        int method = bits > 20 ? 1 : below(2);
        int power = 0;
        while (power < 4
                && residual.length % (2 << power) == 0
                && residual.length >> (power + 1) >= order
                && below(3) > 0) {
            power++;
        }
        out.put(method, 2).put(power, 4);
        int each = residual.length >> power;
        for (int p = 0; p < 1 << power; p++) {
            partition(out, Arrays.copyOfRange(residual, p == 0 ? order : p * each, (p + 1) * each), 4 + method);
        }
    }

    private void partition(BitWriter out, long[] residual, int parameterBits) {
        int width = Arrays.stream(residual)
                .mapToInt(r -> r == 0 ? 0 : 65 - Long.numberOfLeadingZeros(r < 0 ? ~r : r))
                .max()
                .orElse(0);
        int most = (1 << parameterBits) - 2;
        if (width < 32 && (below(3) == 0 || width > most + 8)) {
            out.put(most + 1, parameterBits).put(width, 5);
            plain(out, residual, residual.length, width);
            return;
        }
        int parameter = Math.min(most, Math.max(0, width - below(3)));
        out.put(parameter, parameterBits);
        for (long value : residual) {
            long folded = value >= 0 ? 2 * value : -2 * value - 1;
            out.unary(folded >> parameter).put(folded, parameter);
        }
    }
}
