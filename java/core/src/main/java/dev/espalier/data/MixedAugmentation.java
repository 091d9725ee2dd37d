package dev.espalier.data;

/**
 * Random changes to training samples that are not images alone, each drawn anew per sample and epoch.
 *
 * @param modalityDropout the probability with which each modality of a sample is hidden; one always stays; below 1
 * @param tokenDropout the probability with which a token of a text becomes unknown; below 1
 * @param timeShift sounds move by up to this share of their length; at most 1
 * @param noise noise is added of up to this share of a sound's level; at most 1
 * @param timeMask a stretch of up to this share of the frames of a sound is blanked; below 1
 * @param frequencyMask a stretch of up to this share of the bins of a sound is blanked; below 1
 */
public record MixedAugmentation(
        double modalityDropout,
        double tokenDropout,
        double timeShift,
        double noise,
        double timeMask,
        double frequencyMask) {
    public MixedAugmentation {
        Augmentation.within("modality-dropout", modalityDropout, 0.99);
        Augmentation.within("token-dropout", tokenDropout, 0.99);
        Augmentation.within("time-shift", timeShift, 1);
        Augmentation.within("noise", noise, 1);
        Augmentation.within("time-mask", timeMask, 0.99);
        Augmentation.within("frequency-mask", frequencyMask, 0.99);
    }

    public static MixedAugmentation none() {
        return hiding(0);
    }

    /** Each modality is hidden with this probability, and nothing else happens. */
    public static MixedAugmentation hiding(double probability) {
        return new MixedAugmentation(probability, 0, 0, 0, 0, 0);
    }
}
