package dev.espalier.manifest.audio;

import dev.espalier.data.Philox;

/** The random numbers of the sounds in one epoch: each a function of seed, epoch, the sound's index and what it is for. */
final class SoundDraws {
    /** Random numbers that each sound may use: shift, level, place, then width and place of each mask. */
    private static final int DRAWS = 64;

    private static final int SHIFT = 0;
    private static final int LEVEL = 1;
    private static final int PLACE = 2;
    private static final int TIME = 4;
    private static final int BAND = TIME + 2 * AudioAugmentation.MOST_MASKS;

    private final Philox random;

    SoundDraws(long seed, int epoch) {
        this.random = new Philox(seed, Philox.AUDIO, epoch);
    }

    /** A whole number of samples, at most {@code most} to either side. */
    int shift(int sound, int most) {
        return random.below(index(sound, SHIFT), 2 * most + 1) - most;
    }

    /** The level of the noise, 0 to {@code most}. */
    double level(int sound, double most) {
        return random.uniform(index(sound, LEVEL), 0, most);
    }

    /** Where the noise starts in a record of so many samples. */
    int place(int sound, int samples) {
        return random.below(index(sound, PLACE), samples);
    }

    /** A mask in time: its first frame and the frame behind its last. */
    int[] timeMask(int sound, int mask, int extent, double share) {
        return range(index(sound, TIME + 2 * mask), extent, share);
    }

    /** A mask in frequency: its first bin and the bin behind its last. */
    int[] bandMask(int sound, int mask, int extent, double share) {
        return range(index(sound, BAND + 2 * mask), extent, share);
    }

    private int[] range(long index, int extent, double share) {
        int width = random.below(index, (int) (share * extent) + 1);
        int start = random.below(index + 1, extent - width + 1);
        return new int[] {start, start + width};
    }

    private static long index(int sound, int draw) {
        return (long) sound * DRAWS + draw;
    }
}
