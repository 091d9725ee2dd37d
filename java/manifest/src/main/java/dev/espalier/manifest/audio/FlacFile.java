package dev.espalier.manifest.audio;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** Decodes FLAC files (RFC 9639); every checksum is compared. */
final class FlacFile {
    /** A frame of one channel whose samples are all the same. */
    private static final int SHORTEST_FRAME = 10;

    private final byte[] file;
    private final AudioLimits limits;
    private final BitReader in;
    private final FlacStream stream;
    private final MessageDigest digest = md5();
    private long[][] channels = new long[0][0];
    private byte[] bytes = new byte[0];

    private FlacFile(byte[] file, AudioLimits limits) throws CorruptAudioException {
        this.file = file;
        this.limits = limits;
        this.in = new BitReader(file, 4);
        this.stream = FlacStream.read(in, file);
    }

    static Waveform decode(byte[] file, AudioLimits limits) throws CorruptAudioException {
        return new FlacFile(file, limits).decode();
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
    }

    private Waveform decode() throws CorruptAudioException {
        float[] out = new float[claimed()];
        int count = 0;
        for (long index = 0; stream.total() == 0 ? in.at() < file.length : count < out.length; index++) {
            if (in.at() == file.length) {
                throw new CorruptAudioException("expected " + out.length + " samples, got " + count);
            }
            int length = frame(index, count);
            if (length > out.length - count) {
                out = grown(out, (long) count + length);
            }
            average(out, count, length);
            count += length;
        }
        limits.requireLength(count, stream.sampleRate());
        if (FlacFrame.startsAt(in.at(), file)) {
            throw new CorruptAudioException("expected " + count + " samples, got more");
        }
        requireDigest();
        return new Waveform(stream.sampleRate(), count == out.length ? out : Arrays.copyOf(out, count));
    }

    /** The samples to expect, 0 if unknown. */
    private int claimed() throws CorruptAudioException {
        if (stream.total() == 0) {
            return 0;
        }
        int left = file.length - in.at();
        if (stream.total() > (long) FlacFrame.MOST_SAMPLES * (left / SHORTEST_FRAME)) {
            throw new CorruptAudioException(
                    "claims " + stream.total() + " samples, more than its " + left + " bytes of frames can hold");
        }
        return limits.requireLength(stream.total(), stream.sampleRate());
    }

    private float[] grown(float[] out, long needed) throws CorruptAudioException {
        if (stream.total() > 0) {
            throw new CorruptAudioException("expected " + stream.total() + " samples, got " + needed + " or more");
        }
        int least = limits.requireLength(needed, stream.sampleRate());
        long most = Math.min(limits.samples(), Integer.MAX_VALUE - 8);
        return Arrays.copyOf(out, (int) Math.max(least, Math.min(most, 2L * out.length)));
    }

    /** Decodes the next frame into {@link #channels}; returns its samples per channel. */
    private int frame(long index, long samplesBefore) throws CorruptAudioException {
        int start = in.at();
        FlacFrame frame = FlacFrame.read(in, file);
        stream.require(frame);
        long before = frame.byFrames() ? index : samplesBefore;
        if (frame.number() != before) {
            throw new CorruptAudioException("expected the frame at byte " + start + " to be that after " + before
                    + (frame.byFrames() ? " frames" : " samples") + ", got " + frame.number());
        }
        if (channels.length == 0 || channels[0].length < frame.length()) {
            channels = new long[stream.channels()][frame.length()];
        }
        for (int c = 0; c < channels.length; c++) {
            FlacSubframe.read(in, channels[c], frame.length(), stream.bits() + (frame.isSide(c) ? 1 : 0));
        }
        in.align();
        int end = in.at();
        Crc.CRC_16.require(file, start, end, in.bits(16));
        undoDecorrelation(frame);
        digest(frame.length());
        return frame.length();
    }

    private void undoDecorrelation(FlacFrame frame) {
        for (int i = 0; frame.assignment() >= FlacFrame.LEFT_SIDE && i < frame.length(); i++) {
            long first = channels[0][i];
            long second = channels[1][i];
            switch (frame.assignment()) {
                case FlacFrame.LEFT_SIDE -> channels[1][i] = first - second;
                case FlacFrame.SIDE_RIGHT -> channels[0][i] = first + second;
                default -> {
                    long sum = (first << 1) | (second & 1);
                    channels[0][i] = (sum + second) >> 1;
                    channels[1][i] = (sum - second) >> 1;
                }
            }
        }
    }

    /** Adds the frame's samples to the digest: channels interleaved, little-endian, in whole bytes. */
    private void digest(int length) {
        int width = (stream.bits() + 7) / 8;
        int needed = length * channels.length * width;
        if (bytes.length < needed) {
            bytes = new byte[needed];
        }
        int at = 0;
        for (int i = 0; i < length; i++) {
            for (long[] channel : channels) {
                for (int b = 0; b < width; b++) {
                    bytes[at++] = (byte) (channel[i] >> (8 * b));
                }
            }
        }
        digest.update(bytes, 0, needed);
    }

    private void requireDigest() throws CorruptAudioException {
        String got = HexFormat.of().formatHex(digest.digest());
        if (!stream.md5().isEmpty() && !stream.md5().equals(got)) {
            throw new CorruptAudioException("the MD5 of the samples: expected " + stream.md5() + ", got " + got);
        }
    }

    private void average(float[] out, int from, int length) {
        double scale = 1.0 / (1L << (stream.bits() - 1));
        for (int i = 0; i < length; i++) {
            long sum = 0;
            for (long[] channel : channels) {
                sum += channel[i];
            }
            out[from + i] = (float) (sum * scale / channels.length);
        }
    }
}
