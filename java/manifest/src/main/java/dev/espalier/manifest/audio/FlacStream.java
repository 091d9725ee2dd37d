package dev.espalier.manifest.audio;

import java.util.HexFormat;

/**
 * What the STREAMINFO block of a FLAC file says (RFC 9639, section 8.2).
 *
 * @param longest samples per channel of the longest frame
 * @param sampleRate in Hz
 * @param channels 1 to 8
 * @param bits per sample, 4 to 32
 * @param total samples per channel; 0 if unknown
 * @param md5 of the samples, in hexadecimal; empty if unknown
 */
record FlacStream(int longest, int sampleRate, int channels, int bits, long total, String md5) {
    private static final int BYTES = 34;
    private static final String UNKNOWN = "0".repeat(32);

    /** Reads the metadata blocks, of which the first is the STREAMINFO; the others are skipped. */
    static FlacStream read(BitReader in, byte[] file) throws CorruptAudioException {
        boolean last = in.bits(1) == 1;
        long type = in.bits(7);
        long bytes = in.bits(24);
        if (type != 0 || bytes != BYTES) {
            throw new CorruptAudioException("expected a STREAMINFO block of " + BYTES + " bytes first, got type " + type
                    + " of " + bytes + " bytes");
        }
        FlacStream stream = streamInfo(in, file);
        while (!last) {
            last = in.bits(1) == 1;
            type = in.bits(7);
            bytes = in.bits(24);
            if (type == 127 || bytes > file.length - in.at()) {
                throw new CorruptAudioException("metadata block of type " + type + " claims " + bytes
                        + " bytes, the file has " + (file.length - in.at()) + " left");
            }
            in.skipBytes((int) bytes);
        }
        return stream;
    }

    private static FlacStream streamInfo(BitReader in, byte[] file) throws CorruptAudioException {
        in.bits(16);
        int longest = (int) in.bits(16);
        in.bits(48);
        int rate = AudioLimits.requireRate(in.bits(20));
        int channels = (int) in.bits(3) + 1;
        int bits = (int) in.bits(5) + 1;
        long total = in.bits(36);
        int md5 = in.at();
        in.skipBytes(16);
        if (bits < 4) {
            throw new CorruptAudioException("expected samples of 4 to 32 bits, got " + bits);
        }
        String hex = HexFormat.of().formatHex(file, md5, md5 + 16);
        return new FlacStream(longest, rate, channels, bits, total, hex.equals(UNKNOWN) ? "" : hex);
    }

    /** Refuses a frame that is not of this stream; what a frame leaves to the stream agrees. */
    void require(FlacFrame frame) throws CorruptAudioException {
        int frameRate = frame.sampleRate() == 0 ? sampleRate : frame.sampleRate();
        int frameBits = frame.bits() == 0 ? bits : frame.bits();
        if (frameRate != sampleRate || frameBits != bits || frame.channels() != channels) {
            throw new CorruptAudioException("expected frames of " + channels + " channels of " + bits + " bits at "
                    + sampleRate + " Hz, got " + frame.channels() + " of " + frameBits + " at " + frameRate);
        }
        if (frame.length() > longest) {
            throw new CorruptAudioException(
                    "expected frames of at most " + longest + " samples, got one of " + frame.length());
        }
    }
}
