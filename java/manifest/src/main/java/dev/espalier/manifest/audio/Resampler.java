package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;
import java.math.BigInteger;

/**
 * Changes the sample rate by a polyphase filter: a sinc under a Kaiser window, symmetric, so without delay (Oppenheim and
 * Schafer, "Discrete-time signal processing", on sampling rate conversion and on the Kaiser window).
 *
 * <p>Of the lower of the two Nyquist frequencies, the lowest 90 % pass within 0.001 dB, and what lies above it is attenuated by
 * 80 dB. Outside its samples a sound is taken for silent.
 */
public final class Resampler {
    private static final double ATTENUATION_DB = 80;
    /** Ends of the pass band and of the transition, in cycles per sample of the lower rate. */
    private static final double PASS = 0.45;

    private static final double STOP = 0.5;
    /** Kaiser's formulas for shape and length. */
    private static final double BETA = 0.1102 * (ATTENUATION_DB - 8.7);

    private static final double HALF_LENGTH = (ATTENUATION_DB - 7.95) / (14.36 * (STOP - PASS)) / 2;

    /** Source and target rate over their greatest common divisor. */
    private final int down;

    private final int up;
    /** Half the filter's length in source samples. */
    private final double half;

    private final int reach;
    /** The filter at each position between two source samples, made when first met; so a short sound needs few. */
    private final float[][] phases;

    private Resampler(int from, int to) {
        int divisor = BigInteger.valueOf(from).gcd(BigInteger.valueOf(to)).intValue();
        this.down = from / divisor;
        this.up = to / divisor;
        this.half = HALF_LENGTH * Math.max(1, (double) down / up);
        this.reach = (int) Math.ceil(half);
        this.phases = new float[up][];
    }

    /**
     * The sound at another sample rate; the same object if it has that rate.
     *
     * @param rate in Hz
     * @return round(n * rate / sampleRate) samples for n
     */
    public static Waveform to(Waveform wave, int rate) {
        int from = wave.sampleRate();
        if (rate < 1) {
            throw new DataException("resampling: expected a sample rate of at least 1 Hz, got " + rate);
        }
        if (from == rate) {
            return wave;
        }
        long length = (2L * wave.samples().length * rate + from) / (2L * from);
        if (length > Integer.MAX_VALUE - 8) {
            throw new DataException("resampling: expected at most 2^31 - 9 samples, got " + length + " at " + rate
                    + " Hz; cut the sound");
        }
        return new Waveform(rate, new Resampler(from, rate).apply(wave.samples(), (int) length));
    }

    private float[] apply(float[] in, int length) {
        float[] out = new float[length];
        for (int i = 0; i < length; i++) {
            long position = (long) i * down;
            float[] filter = phase((int) (position % up));
            int first = (int) (position / up) - reach + 1;
            int start = Math.max(0, -first);
            int end = Math.min(filter.length, in.length - first);
            double sum = 0;
            for (int k = start; k < end; k++) {
                sum += (double) filter[k] * in[first + k];
            }
            out[i] = (float) sum;
        }
        return out;
    }

    /** Weights of the source samples from reach - 1 before to reach after a position; their sum is 1. */
    private float[] phase(int index) {
        float[] known = phases[index];
        if (known != null) {
            return known;
        }
        double[] weights = new double[2 * reach];
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
            weights[k] = filter((double) index / up + reach - 1 - k);
            sum += weights[k];
        }
        float[] filter = new float[weights.length];
        for (int k = 0; k < filter.length; k++) {
            filter[k] = (float) (weights[k] / sum);
        }
        phases[index] = filter;
        return filter;
    }

    /** The windowed sinc, up to a factor, at a distance in source samples. */
    private double filter(double distance) {
        double across = distance / half;
        if (Math.abs(across) >= 1) {
            return 0;
        }
        double turn = Math.PI * (PASS + STOP) * distance * HALF_LENGTH / half;
        double sinc = Math.abs(turn) < 1e-9 ? 1 : Math.sin(turn) / turn;
        return sinc * bessel(BETA * Math.sqrt(1 - across * across));
    }

    /** The modified Bessel function of the first kind and order 0, by its power series. */
    private static double bessel(double x) {
        double quarter = x * x / 4;
        double term = 1;
        double sum = 1;
        for (int k = 1; term > sum * 1e-17; k++) {
            term *= quarter / ((double) k * k);
            sum += term;
        }
        return sum;
    }
}
