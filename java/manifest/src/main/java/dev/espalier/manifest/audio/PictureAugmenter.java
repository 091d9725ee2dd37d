package dev.espalier.manifest.audio;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.Arrays;

/**
 * Silences stretches of time and ranges of bins in log-mel pictures (SpecAugment, Park et al., 2019, without warping); what
 * happens to a picture depends on seed, epoch and the sound's index only. For any thread.
 */
public final class PictureAugmenter {
    private final AudioAugmentation augmentation;
    private final long seed;

    public PictureAugmenter(AudioAugmentation augmentation, long seed) {
        this.augmentation = augmentation;
        this.seed = seed;
    }

    /**
     * Changes the pictures of one batch.
     *
     * @param pictures F32 [n, bins, frames]
     * @param sounds the index of each sound, which keys its random numbers
     * @return F32 of the same shape, 0 where masked; {@code pictures} itself if no mask is wanted
     */
    public Tensor apply(Tensor pictures, int[] sounds, int epoch) {
        int bins = Math.toIntExact(pictures.size(1));
        int frames = Math.toIntExact(pictures.size(2));
        SoundDraws draws = new SoundDraws(seed, epoch);
        float[] bandsKept = new float[sounds.length * bins];
        float[] timesKept = new float[sounds.length * frames];
        Arrays.fill(bandsKept, 1);
        Arrays.fill(timesKept, 1);
        for (int i = 0; i < sounds.length; i++) {
            for (int m = 0; m < augmentation.bandMasks(); m++) {
                int[] range = draws.bandMask(sounds[i], m, bins, augmentation.bandMask());
                Arrays.fill(bandsKept, i * bins + range[0], i * bins + range[1], 0);
            }
            for (int m = 0; m < augmentation.timeMasks(); m++) {
                int[] range = draws.timeMask(sounds[i], m, frames, augmentation.timeMask());
                Arrays.fill(timesKept, i * frames + range[0], i * frames + range[1], 0);
            }
        }
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            Device device = pictures.device();
            Tensor masked = augmentation.bandMasks() == 0
                    ? pictures
                    : pictures.mul(Tensor.of(bandsKept, sounds.length, bins, 1).to(device));
            return scope.keep(
                    augmentation.timeMasks() == 0
                            ? masked
                            : masked.mul(Tensor.of(timesKept, sounds.length, 1, frames)
                                    .to(device)));
        }
    }
}
