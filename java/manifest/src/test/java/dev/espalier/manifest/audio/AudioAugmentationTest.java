package dev.espalier.manifest.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.DataException;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@NoLeaks
class AudioAugmentationTest {
    private static final int SAMPLES = 400;
    private static final int BINS = 20;
    private static final int FRAMES = 30;
    private static final int COUNT = 60;
    private static final int[] SOUNDS = IntStream.range(0, COUNT).toArray();

    /** Sound i has its own samples, none of them 0. */
    private static float[] sounds(int... sounds) {
        float[] waves = new float[sounds.length * SAMPLES];
        for (int i = 0; i < waves.length; i++) {
            waves[i] = (float) Math.sin(1 + i % SAMPLES + 0.37 * sounds[i / SAMPLES]);
        }
        return waves;
    }

    private static float[] augment(AudioAugmentation augmentation, float[] waves, int epoch, int... sounds) {
        try (WaveAugmenter augmenter = new WaveAugmenter(augmentation, 5, Device.CPU);
                Scope scope = Scope.open()) {
            Tensor batch = Tensor.of(waves, sounds.length, SAMPLES);
            float[] out = augmenter.apply(batch, sounds, epoch).toFloatArray();
            assertThat(batch.toFloatArray()).isEqualTo(waves);
            return out;
        }
    }

    private static float[] mask(AudioAugmentation augmentation, int epoch, int... sounds) {
        try (Scope scope = Scope.open()) {
            Tensor ones = Tensor.ones(DType.F32, Device.CPU, sounds.length, BINS, FRAMES);
            return new PictureAugmenter(augmentation, 5)
                    .apply(ones, sounds, epoch)
                    .toFloatArray();
        }
    }

    private static float[] row(float[] rows, int index, int length) {
        return Arrays.copyOfRange(rows, index * length, (index + 1) * length);
    }

    @Test
    void noneChangesNothing() {
        try (WaveAugmenter augmenter = new WaveAugmenter(AudioAugmentation.none(), 5, Device.CPU);
                Scope scope = Scope.open()) {
            Tensor waves = Tensor.of(sounds(1, 2), 2, SAMPLES);
            assertThat(augmenter.apply(waves, new int[] {1, 2}, 0)).isSameAs(waves);
            Tensor pictures = waves.reshape(2, BINS, SAMPLES / BINS);
            assertThat(new PictureAugmenter(AudioAugmentation.none(), 5).apply(pictures, new int[] {1, 2}, 0))
                    .isSameAs(pictures);
        }
    }

    @Test
    void shiftMovesByWholeSamplesAndSilenceMovesIn() {
        float[] waves = sounds(SOUNDS);
        float[] out = augment(AudioAugmentation.none().withShift(0.05), waves, 0, SOUNDS);
        Set<Integer> shifts = new HashSet<>();
        for (int i = 0; i < COUNT; i++) {
            float[] in = row(waves, i, SAMPLES);
            float[] moved = row(out, i, SAMPLES);
            int shift = IntStream.rangeClosed(-20, 20)
                    .filter(s -> Arrays.equals(moved, shifted(in, s)))
                    .findFirst()
                    .orElseThrow();
            shifts.add(shift);
        }
        // Of 41 equally likely shifts, 60 draws meet fewer than 20 with probability below 1e-6.
        assertThat(shifts).hasSizeGreaterThan(20);
    }

    private static float[] shifted(float[] in, int shift) {
        float[] out = new float[in.length];
        for (int i = 0; i < in.length; i++) {
            out[i] = i - shift >= 0 && i - shift < in.length ? in[i - shift] : 0;
        }
        return out;
    }

    @Test
    void noiseHasTheLevelDrawn() {
        float[] waves = sounds(SOUNDS);
        Arrays.fill(waves, 3 * SAMPLES, 4 * SAMPLES, 0);
        float[] out = augment(AudioAugmentation.none().withNoise(0.5), waves, 2, SOUNDS);
        SoundDraws draws = new SoundDraws(5, 2);
        for (int i = 0; i < COUNT; i++) {
            double noise = 0;
            double signal = 0;
            for (int k = i * SAMPLES; k < (i + 1) * SAMPLES; k++) {
                noise += Math.pow(out[k] - waves[k], 2);
                signal += Math.pow(waves[k], 2);
            }
            double expected = draws.level(i, 0.5) * Math.sqrt(signal);
            // The root of a mean of 400 squares of normal numbers deviates by 1/sqrt(800); five times that.
            assertThat(Math.sqrt(noise)).isCloseTo(expected, within(0.18 * expected + 1e-6));
        }
        assertThat(row(out, 3, SAMPLES)).containsOnly(0f);
    }

    @Test
    void soundDecidesWhateverTheBatch() {
        AudioAugmentation all = AudioAugmentation.none()
                .withShift(0.2)
                .withNoise(0.1)
                .withTimeMasks(2, 0.3)
                .withBandMasks(2, 0.3);
        float[] together = augment(all, sounds(5, 6, 7, 8), 4, 5, 6, 7, 8);
        float[] alone = augment(all, sounds(7), 4, 7);
        assertThat(alone).isEqualTo(row(together, 2, SAMPLES));
        assertThat(augment(all, sounds(7), 5, 7)).isNotEqualTo(alone);
        float[] picture = mask(all, 4, 7);
        assertThat(picture).isEqualTo(row(mask(all, 4, 5, 6, 7, 8), 2, BINS * FRAMES));
        assertThat(IntStream.range(0, 5)
                        .mapToObj(epoch -> Arrays.toString(mask(all, epoch, 7)))
                        .distinct())
                .hasSizeGreaterThan(1);
    }

    @Test
    void masksAreRangesOfBinsAndFrames() {
        float[] pictures = mask(AudioAugmentation.none().withTimeMasks(1, 0.4).withBandMasks(1, 0.25), 0, SOUNDS);
        int widest = 0;
        int highest = 0;
        for (int i = 0; i < COUNT; i++) {
            float[] picture = row(pictures, i, BINS * FRAMES);
            boolean[] bins = new boolean[BINS];
            boolean[] frames = new boolean[FRAMES];
            for (int k = 0; k < picture.length; k++) {
                bins[k / FRAMES] |= picture[k] == 1;
                frames[k % FRAMES] |= picture[k] == 1;
            }
            for (int k = 0; k < picture.length; k++) {
                assertThat(picture[k]).isEqualTo(bins[k / FRAMES] && frames[k % FRAMES] ? 1f : 0f);
            }
            widest = Math.max(widest, masked(frames));
            highest = Math.max(highest, masked(bins));
        }
        // The widest of 13 and 6 widths is missed by 60 draws with probability below 1 %; the seed is fixed.
        assertThat(widest).isEqualTo(12);
        assertThat(highest).isEqualTo(5);
    }

    /** How many are masked; they must be neighbours. */
    private static int masked(boolean[] kept) {
        int[] gone = IntStream.range(0, kept.length).filter(i -> !kept[i]).toArray();
        if (gone.length > 0) {
            assertThat(gone[gone.length - 1] - gone[0]).isEqualTo(gone.length - 1);
        }
        return gone.length;
    }

    @Test
    void badSettingsAreRefused() {
        AudioAugmentation none = AudioAugmentation.none();
        assertThatThrownBy(() -> none.withShift(1.1))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("got 1.1");
        assertThatThrownBy(() -> none.withNoise(Double.NaN)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> none.withTimeMasks(9, 0.1)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> none.withBandMasks(1, -0.1)).isInstanceOf(DataException.class);
    }
}
