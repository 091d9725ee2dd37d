package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A sound of one channel. */
public final class Waveform {
    private final int sampleRate;
    private final float[] samples;

    /**
     * Takes over the samples.
     *
     * @param sampleRate samples per second (Hz), at least 1
     * @param samples about -1 to 1, full scale being 1
     */
    public Waveform(int sampleRate, float[] samples) {
        if (sampleRate < 1) {
            throw new DataException("waveform: expected a sample rate of at least 1 Hz, got " + sampleRate);
        }
        this.sampleRate = sampleRate;
        this.samples = Objects.requireNonNull(samples, "samples");
    }

    /** Samples per second (Hz). */
    public int sampleRate() {
        return sampleRate;
    }

    /** The waveform's own samples, not to be changed. */
    public float[] samples() {
        return samples;
    }

    /** The duration in seconds. */
    public double seconds() {
        return (double) samples.length / sampleRate;
    }

    /** A WAV file of 16 bits a sample, one channel; what lies beyond full scale is clipped. */
    public byte[] toWav() {
        int bytes = Math.multiplyExact(2, samples.length);
        ByteBuffer file = ByteBuffer.allocate(44 + bytes).order(ByteOrder.LITTLE_ENDIAN);
        file.put(ascii("RIFF")).putInt(36 + bytes).put(ascii("WAVEfmt ")).putInt(16);
        file.putShort((short) 1).putShort((short) 1).putInt(sampleRate).putInt(2 * sampleRate);
        file.putShort((short) 2).putShort((short) 16).put(ascii("data")).putInt(bytes);
        for (float sample : samples) {
            file.putShort((short) Math.max(-32768, Math.min(32767, Math.round(32768 * sample))));
        }
        return file.array();
    }

    private static byte[] ascii(String name) {
        return name.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public String toString() {
        return "waveform of " + samples.length + " samples at " + sampleRate + " Hz";
    }
}
