package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;

/**
 * Brings sounds to one level: the root mean square over the frames in which something sounds.
 *
 * @param target the level wanted, in dB relative to full scale; below 0
 * @param gate frames this many dB below the loudest frame do not count; above 0
 * @param frameSeconds the duration of a frame; above 0
 */
public record Loudness(double target, double gate, double frameSeconds) {
    /** A sound whose loudest frame has less power than this (-100 dB, less than a flickering 16-bit sample) is silence. */
    private static final double SILENCE = 1e-10;
    /** Peaks stay below 1 by this factor. */
    private static final double PEAK = 0.999;

    public Loudness {
        if (!(target < 0 && target >= -100) || !(gate > 0) || !(frameSeconds > 0 && frameSeconds <= 60)) {
            throw new DataException(
                    "loudness: expected a target of -100 to below 0 dB, a gate above 0 dB, frames above 0 to"
                            + " 60 s, got " + target + ", " + gate + ", " + frameSeconds);
        }
    }

    /** -20 dB over 50 ms frames, gate at 40 dB. */
    public static Loudness standard() {
        return new Loudness(-20, 40, 0.05);
    }

    /** The sound scaled to the target, or to less where a peak would reach full scale; silence as it is. */
    public Waveform normalise(Waveform wave) {
        double power = activePower(wave);
        if (power < SILENCE) {
            return wave;
        }
        float[] samples = wave.samples();
        double peak = 0;
        for (float sample : samples) {
            peak = Math.max(peak, Math.abs(sample));
        }
        double gain = Math.min(Math.sqrt(Math.pow(10, target / 10) / power), PEAK / peak);
        float[] scaled = new float[samples.length];
        for (int i = 0; i < samples.length; i++) {
            scaled[i] = (float) (samples[i] * gain);
        }
        return new Waveform(wave.sampleRate(), scaled);
    }

    /** The mean square over the frames that count, 0 if nothing sounds; the last frame may be short. */
    private double activePower(Waveform wave) {
        float[] samples = wave.samples();
        int frame = (int) Math.max(1, Math.round(frameSeconds * wave.sampleRate()));
        double[] powers = new double[(int) (((long) samples.length + frame - 1) / frame)];
        double loudest = 0;
        for (int f = 0; f < powers.length; f++) {
            int end = (int) Math.min(samples.length, (f + 1L) * frame);
            for (int i = f * frame; i < end; i++) {
                powers[f] += (double) samples[i] * samples[i];
            }
            powers[f] /= end - f * frame;
            loudest = Math.max(loudest, powers[f]);
        }
        double threshold = loudest * Math.pow(10, -gate / 10);
        double energy = 0;
        long count = 0;
        for (int f = 0; f < powers.length; f++) {
            if (powers[f] >= threshold) {
                int length = Math.min(frame, samples.length - f * frame);
                energy += powers[f] * length;
                count += length;
            }
        }
        return loudest < SILENCE ? 0 : energy / count;
    }
}
