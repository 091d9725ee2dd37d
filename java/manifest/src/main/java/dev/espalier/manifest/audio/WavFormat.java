package dev.espalier.manifest.audio;

import java.nio.ByteBuffer;

/**
 * The {@code fmt} chunk of a WAV file (Microsoft, "Multiple channel audio data and WAVE files").
 *
 * @param coding of each sample
 * @param channels interleaved, at least 1
 * @param sampleRate in Hz
 */
record WavFormat(SampleCoding coding, int channels, int sampleRate) {
    private static final int PCM = 1;
    private static final int FLOAT = 3;
    private static final int A_LAW = 6;
    private static final int MU_LAW = 7;
    private static final int EXTENSIBLE = 0xFFFE;
    private static final int PLAIN_BYTES = 16;
    private static final int EXTENSIBLE_BYTES = 40;
    /** What follows a format's number in the sub-format's GUID. */
    private static final ByteBuffer GUID_END = ByteBuffer.wrap(
                    new byte[] {0, 0, 0, 0, 0x10, 0, (byte) 0x80, 0, 0, (byte) 0xAA, 0, 0x38, (byte) 0x9B, 0x71})
            .asReadOnlyBuffer();

    /** Bytes of one sample of all channels. */
    int frameBytes() {
        return channels * coding.bytes();
    }

    /** @param chunk the chunk's bytes, little-endian, from index 0 to its limit */
    static WavFormat parse(ByteBuffer chunk) throws CorruptAudioException {
        requireBytes(chunk, PLAIN_BYTES);
        int number = chunk.getShort(0) & 0xFFFF;
        int channels = chunk.getShort(2) & 0xFFFF;
        long rate = chunk.getInt(4) & 0xFFFFFFFFL;
        int align = chunk.getShort(12) & 0xFFFF;
        int bits = chunk.getShort(14) & 0xFFFF;
        if (channels == 0) {
            throw new CorruptAudioException("expected at least 1 channel, got 0");
        }
        SampleCoding coding = coding(number == EXTENSIBLE ? subFormat(chunk, bits) : number, bits);
        WavFormat format = new WavFormat(coding, channels, AudioLimits.requireRate(rate));
        if (align != format.frameBytes()) {
            throw new CorruptAudioException("expected a block align of " + format.frameBytes() + " bytes for "
                    + channels + " channels of " + bits + " bits, got " + align);
        }
        return format;
    }

    private static void requireBytes(ByteBuffer chunk, int bytes) throws CorruptAudioException {
        if (chunk.limit() < bytes) {
            throw new CorruptAudioException(
                    "expected a fmt chunk of at least " + bytes + " bytes, got " + chunk.limit());
        }
    }

    private static int subFormat(ByteBuffer chunk, int bits) throws CorruptAudioException {
        requireBytes(chunk, EXTENSIBLE_BYTES);
        int valid = chunk.getShort(18) & 0xFFFF;
        if (valid > bits) {
            throw new CorruptAudioException("expected at most " + bits + " valid bits per sample, got " + valid);
        }
        int number = chunk.getShort(24) & 0xFFFF;
        if (!chunk.slice(26, GUID_END.limit()).equals(GUID_END)) {
            throw new CorruptAudioException(
                    "expected the GUID of a WAVE format, got another that starts with " + number);
        }
        return number;
    }

    private static SampleCoding coding(int number, int bits) throws CorruptAudioException {
        SampleCoding coding = switch (number) {
            case PCM ->
                switch (bits) {
                    case 8 -> SampleCoding.U8;
                    case 16 -> SampleCoding.S16;
                    case 24 -> SampleCoding.S24;
                    case 32 -> SampleCoding.S32;
                    default -> null;
                };
            case FLOAT -> bits == 32 ? SampleCoding.F32 : bits == 64 ? SampleCoding.F64 : null;
            case A_LAW -> bits == 8 ? SampleCoding.A_LAW : null;
            case MU_LAW -> bits == 8 ? SampleCoding.MU_LAW : null;
            default -> null;
        };
        if (coding == null) {
            throw new CorruptAudioException(
                    "expected integers (1) of 8, 16, 24 or 32 bits, floats (3) of 32 or 64, A-law"
                            + " (6) or mu-law (7) of 8, got WAV format " + number + " of " + bits + " bits");
        }
        return coding;
    }
}
