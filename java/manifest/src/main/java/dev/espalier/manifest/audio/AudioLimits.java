package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;

/**
 * What a sound file may ask for; checked before anything of that size is allocated.
 *
 * @param seconds the longest duration
 * @param samples the most samples per channel
 * @param bytes the longest file
 */
public record AudioLimits(double seconds, long samples, long bytes) {
    /** Above this a sample rate (Hz) is taken for a corrupt header. */
    static final int HIGHEST_RATE = 768_000;

    public AudioLimits {
        if (!(seconds > 0) || samples < 1 || bytes < 1) {
            throw new DataException("audio limits: expected seconds, samples and bytes above 0, got " + seconds + ", "
                    + samples + ", " + bytes);
        }
    }

    /** Ten minutes, at most 2^27 samples (46 minutes at 48 kHz), files of up to 1 GiB. */
    public static AudioLimits standard() {
        return new AudioLimits(600, 1L << 27, 1L << 30);
    }

    void requireBytes(long count) throws CorruptAudioException {
        if (count > bytes) {
            throw new CorruptAudioException("expected a file of at most " + bytes + " bytes, got " + count);
        }
    }

    static int requireRate(long rate) throws CorruptAudioException {
        if (rate < 1 || rate > HIGHEST_RATE) {
            throw new CorruptAudioException("expected a sample rate of 1 to " + HIGHEST_RATE + " Hz, got " + rate);
        }
        return (int) rate;
    }

    /** The count as an index, if a sound of so many samples per channel is allowed. */
    int requireLength(long count, int rate) throws CorruptAudioException {
        if (count < 1) {
            throw new CorruptAudioException("the file holds no samples");
        }
        if (count > Math.min(samples, Integer.MAX_VALUE - 8) || count > seconds * rate) {
            throw new CorruptAudioException("expected at most " + samples + " samples and " + seconds + " seconds, got "
                    + count + " samples at " + rate + " Hz");
        }
        return (int) count;
    }
}
