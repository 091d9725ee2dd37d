package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;
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

    @Override
    public String toString() {
        return "waveform of " + samples.length + " samples at " + sampleRate + " Hz";
    }
}
