package dev.espalier.manifest.audio;

import dev.espalier.data.Philox;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Signals and files that the tests make for themselves. */
final class Sounds {
    static final int PCM = 1;
    static final int FLOAT = 3;
    static final int A_LAW = 6;
    static final int MU_LAW = 7;
    static final int EXTENSIBLE = 0xFFFE;

    private Sounds() {}

    static Waveform sine(int rate, int length, double hertz, double amplitude) {
        float[] samples = new float[length];
        for (int i = 0; i < length; i++) {
            samples[i] = (float) (amplitude * Math.sin(2 * Math.PI * hertz * i / rate));
        }
        return new Waveform(rate, samples);
    }

    /** Uniform noise from -amplitude to amplitude. */
    static Waveform noise(int rate, int length, double amplitude, long seed) {
        Philox random = new Philox(seed, 0, 0);
        float[] samples = new float[length];
        for (int i = 0; i < length; i++) {
            samples[i] = (float) random.uniform(i, -amplitude, amplitude);
        }
        return new Waveform(rate, samples);
    }

    /** A chunk with its head and its padding byte. */
    static byte[] chunk(String name, byte[] content) {
        return chunk(name, content.length, content);
    }

    static byte[] chunk(String name, int claimed, byte[] content) {
        byte[] bytes = new byte[8 + content.length + (content.length & 1)];
        littleEndian(bytes)
                .put(name.getBytes(StandardCharsets.ISO_8859_1))
                .putInt(claimed)
                .put(content);
        return bytes;
    }

    static byte[] riff(byte[]... chunks) {
        return container("RIFF", chunks);
    }

    static byte[] container(String magic, byte[]... chunks) {
        byte[] all = join(chunks);
        byte[] head = new byte[12];
        littleEndian(head)
                .put(magic.getBytes(StandardCharsets.ISO_8859_1))
                .putInt(4 + all.length)
                .put("WAVE".getBytes(StandardCharsets.ISO_8859_1));
        return join(head, all);
    }

    static byte[] format(int number, int channels, int rate, int bits) {
        int align = channels * bits / 8;
        byte[] bytes = new byte[16];
        littleEndian(bytes)
                .putShort((short) number)
                .putShort((short) channels)
                .putInt(rate)
                .putInt(rate * align)
                .putShort((short) align)
                .putShort((short) bits);
        return bytes;
    }

    static byte[] extensible(int number, int channels, int rate, int bits, int validBits) {
        byte[] bytes = new byte[24];
        littleEndian(bytes)
                .putShort((short) 22)
                .putShort((short) validBits)
                .putInt(0)
                .putShort((short) number)
                .put(new byte[] {0, 0, 0, 0, 0x10, 0, (byte) 0x80, 0, 0, (byte) 0xAA, 0, 0x38, (byte) 0x9B, 0x71});
        return join(format(EXTENSIBLE, channels, rate, bits), bytes);
    }

    static byte[] wav(int number, int channels, int rate, int bits, byte[] data) {
        return riff(chunk("fmt ", format(number, channels, rate, bits)), chunk("data", data));
    }

    /** A file of whole numbers, channels interleaved. */
    static byte[] pcm(int channels, int rate, int bits, long... samples) {
        return wav(PCM, channels, rate, bits, pcmBytes(bits, samples));
    }

    static byte[] pcmBytes(int bits, long... samples) {
        byte[] bytes = new byte[samples.length * bits / 8];
        ByteBuffer out = littleEndian(bytes);
        for (long sample : samples) {
            long stored = bits == 8 ? sample + 128 : sample;
            for (int shift = 0; shift < bits; shift += 8) {
                out.put((byte) (stored >> shift));
            }
        }
        return bytes;
    }

    static byte[] floats(int bits, double... samples) {
        byte[] bytes = new byte[samples.length * bits / 8];
        ByteBuffer out = littleEndian(bytes);
        for (double sample : samples) {
            if (bits == 32) {
                out.putFloat((float) sample);
            } else {
                out.putDouble(sample);
            }
        }
        return bytes;
    }

    /** The chunk of an RF64 file that holds lengths of 64 bits. */
    static byte[] longSizes(long dataBytes) {
        byte[] bytes = new byte[28];
        littleEndian(bytes).putLong(8, dataBytes);
        return chunk("ds64", bytes);
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(out::writeBytes);
        return out.toByteArray();
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
