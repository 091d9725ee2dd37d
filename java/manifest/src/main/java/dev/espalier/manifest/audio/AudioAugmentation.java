package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;

/**
 * Random changes to training sounds, each drawn anew per sound and epoch; the masks are those of SpecAugment (Park et al., 2019).
 *
 * @param shift the sound moves by a share of its length from {@code [-shift, shift]}, silence moves in; at most 1
 * @param noise Gaussian noise is added whose level, relative to the root mean square of the sound, is drawn from
 *     {@code [0, noise]}; at most 10
 * @param timeMasks stretches of frames silenced in the picture, 0 to 8
 * @param timeMask each takes a share of the frames drawn from {@code [0, timeMask]}; at most 1
 * @param bandMasks ranges of bins silenced in the picture, 0 to 8
 * @param bandMask each takes a share of the bins drawn from {@code [0, bandMask]}; at most 1
 */
public record AudioAugmentation(
        double shift, double noise, int timeMasks, double timeMask, int bandMasks, double bandMask) {
    /** The most masks of a kind. */
    static final int MOST_MASKS = 8;

    public AudioAugmentation {
        within("shift", shift, 1);
        within("noise", noise, 10);
        within("time masks", timeMasks, MOST_MASKS);
        within("time mask", timeMask, 1);
        within("band masks", bandMasks, MOST_MASKS);
        within("band mask", bandMask, 1);
    }

    private static void within(String name, double value, double largest) {
        if (!(value >= 0 && value <= largest)) {
            throw new DataException("audio augmentation " + name + ": expected 0 to " + largest + ", got " + value);
        }
    }

    /** Changes nothing. */
    public static AudioAugmentation none() {
        return new AudioAugmentation(0, 0, 0, 0, 0, 0);
    }

    public AudioAugmentation withShift(double share) {
        return new AudioAugmentation(share, noise, timeMasks, timeMask, bandMasks, bandMask);
    }

    public AudioAugmentation withNoise(double level) {
        return new AudioAugmentation(shift, level, timeMasks, timeMask, bandMasks, bandMask);
    }

    public AudioAugmentation withTimeMasks(int count, double share) {
        return new AudioAugmentation(shift, noise, count, share, bandMasks, bandMask);
    }

    public AudioAugmentation withBandMasks(int count, double share) {
        return new AudioAugmentation(shift, noise, timeMasks, timeMask, count, share);
    }
}
