package dev.espalier.manifest.audio;

import java.util.Arrays;

/** Decodes the samples of one channel in one frame (RFC 9639, section 9.2). */
final class FlacSubframe {
    private static final int CONSTANT = 0;
    private static final int VERBATIM = 1;
    private static final int FIXED = 8;
    private static final int MOST_FIXED = 4;
    private static final int LINEAR = 32;
    /** The predictors of fixed order, the weight of the latest sample first. */
    private static final long[][] FIXED_WEIGHTS = {{}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}};

    private final BitReader in;
    private final long[] out;
    private final int length;
    private final int bits;

    private FlacSubframe(BitReader in, long[] out, int length, int bits) {
        this.in = in;
        this.out = out;
        this.length = length;
        this.bits = bits;
    }

    /**
     * Reads one subframe.
     *
     * @param out takes {@code length} samples
     * @param bits of a sample, up to 33 for a side channel
     */
    static void read(BitReader in, long[] out, int length, int bits) throws CorruptAudioException {
        if (in.bits(1) != 0) {
            throw new CorruptAudioException("expected a subframe that starts with a bit of 0, got 1");
        }
        int type = (int) in.bits(6);
        long wasted = in.bits(1) == 0 ? 0 : in.unary() + 1;
        if (wasted >= bits) {
            throw new CorruptAudioException("expected fewer than " + bits + " wasted bits per sample, got " + wasted);
        }
        new FlacSubframe(in, out, length, bits - (int) wasted).read(type);
        for (int i = 0; wasted > 0 && i < length; i++) {
            out[i] <<= wasted;
        }
    }

    private void read(int type) throws CorruptAudioException {
        if (type == CONSTANT) {
            Arrays.fill(out, 0, length, in.signed(bits));
        } else if (type == VERBATIM) {
            readPlain(length);
        } else if (type >= FIXED && type <= FIXED + MOST_FIXED) {
            readPlain(type - FIXED);
            readResidual(type - FIXED);
            predict(FIXED_WEIGHTS[type - FIXED], 0);
        } else if (type >= LINEAR) {
            readLinear(type - LINEAR + 1);
        } else {
            throw new CorruptAudioException("expected a subframe of a known type, got type " + type);
        }
    }

    private void readPlain(int count) throws CorruptAudioException {
        if (count > length) {
            throw new CorruptAudioException(
                    "expected a predictor of order up to the " + length + " samples of its frame, got " + count);
        }
        for (int i = 0; i < count; i++) {
            out[i] = in.signed(bits);
        }
    }

    private void readLinear(int order) throws CorruptAudioException {
        readPlain(order);
        int precision = (int) in.bits(4) + 1;
        int shift = (int) in.signed(5);
        if (precision == 16 || shift < 0) {
            throw new CorruptAudioException(
                    "expected predictor weights of up to 15 bits and a shift of at least 0, got " + precision + " and "
                            + shift);
        }
        long[] weights = new long[order];
        for (int i = 0; i < order; i++) {
            weights[i] = in.signed(precision);
        }
        readResidual(order);
        predict(weights, shift);
    }

    /** The differences from the prediction, in place of the samples from {@code order} on. */
    private void readResidual(int order) throws CorruptAudioException {
        int method = (int) in.bits(2);
        if (method > 1) {
            throw new CorruptAudioException("expected a residual of Rice coding 0 or 1, got " + method);
        }
        int partitions = 1 << in.bits(4);
        int each = length / partitions;
        if (each * partitions != length || each < order) {
            throw new CorruptAudioException("expected partitions that divide " + length
                    + " samples and hold the order of " + order + ", got " + partitions);
        }
        int parameterBits = 4 + method;
        for (int p = 0; p < partitions; p++) {
            int parameter = (int) in.bits(parameterBits);
            int from = p == 0 ? order : p * each;
            if (parameter == (1 << parameterBits) - 1) {
                readEscaped(from, (p + 1) * each);
            } else {
                readRice(parameter, from, (p + 1) * each);
            }
        }
    }

    private void readEscaped(int from, int to) throws CorruptAudioException {
        int width = (int) in.bits(5);
        for (int i = from; i < to; i++) {
            out[i] = width == 0 ? 0 : in.signed(width);
        }
    }

    /** Quotient in unary, rest in {@code parameter} bits; even numbers stand for 0, 1, ..., odd ones for -1, -2, ... */
    private void readRice(int parameter, int from, int to) throws CorruptAudioException {
        long most = 0xFFFFFFFFL >>> parameter;
        for (int i = from; i < to; i++) {
            long quotient = in.unary();
            if (quotient > most) {
                throw new CorruptAudioException("expected residuals of 32 bits, got a Rice quotient of " + quotient
                        + " for parameter " + parameter);
            }
            long folded = (quotient << parameter) | in.bits(parameter);
            out[i] = (folded >>> 1) ^ -(folded & 1);
        }
    }

    /** At most 32 weights of 15 bits times samples of 33 bits: a sum needs 53 bits. */
    private void predict(long[] weights, int shift) throws CorruptAudioException {
        int unused = 64 - bits;
        for (int i = weights.length; i < length; i++) {
            long sum = 0;
            for (int k = 0; k < weights.length; k++) {
                sum += weights[k] * out[i - 1 - k];
            }
            long sample = out[i] + (sum >> shift);
            if (sample << unused >> unused != sample) {
                throw new CorruptAudioException("expected samples of " + bits + " bits, got " + sample);
            }
            out[i] = sample;
        }
    }
}
