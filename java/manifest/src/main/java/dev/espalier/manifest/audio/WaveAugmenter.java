package dev.espalier.manifest.audio;

import dev.espalier.data.Philox;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Shifts sounds in time and adds noise, on one device; what happens to a sound depends on seed, epoch and the sound's index only.
 *
 * <p>Noise is a stretch of one long record that is drawn once from the seed and owned until this is closed; it repeats after 2^18
 * samples. For any thread.
 */
public final class WaveAugmenter implements AutoCloseable {
    private static final int RECORD = 1 << 18;
    /** Not the number of any epoch. */
    private static final int RECORDING = -1;

    private final AudioAugmentation augmentation;
    private final long seed;
    private final Scope owner = Scope.owner("noise");
    /** F32 [RECORD], standard normal; null without noise. */
    private final @Nullable Tensor record;

    public WaveAugmenter(AudioAugmentation augmentation, long seed, Device device) {
        this.augmentation = augmentation;
        this.seed = seed;
        if (augmentation.noise() == 0) {
            this.record = null;
            return;
        }
        try (Scope scope = Scope.open()) {
            this.record = owner.adopt(Tensor.of(record(seed), RECORD).to(device));
        }
    }

    /** Standard normal numbers by the transform of Box and Muller (1958). */
    private static float[] record(long seed) {
        Philox random = new Philox(seed, Philox.AUDIO, RECORDING);
        float[] values = new float[RECORD];
        for (int i = 0; i < RECORD; i += 2) {
            double radius = Math.sqrt(-2 * Math.log(1 - random.uniform(i)));
            double turn = 2 * Math.PI * random.uniform(i + 1);
            values[i] = (float) (radius * Math.cos(turn));
            values[i + 1] = (float) (radius * Math.sin(turn));
        }
        return values;
    }

    /**
     * Changes the sounds of one batch.
     *
     * @param waves F32 [n, samples] on the device of this augmenter
     * @param sounds the index of each sound, which keys its random numbers
     * @return F32 of the same shape; {@code waves} itself if neither shift nor noise is wanted
     */
    public Tensor apply(Tensor waves, int[] sounds, int epoch) {
        SoundDraws draws = new SoundDraws(seed, epoch);
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            Tensor shifted = augmentation.shift() == 0 ? waves : shift(waves, sounds, draws);
            return scope.keep(record == null ? shifted : shifted.add(noise(record, waves, sounds, draws)));
        }
    }

    private Tensor shift(Tensor waves, int[] sounds, SoundDraws draws) {
        int most = (int) Math.round(augmentation.shift() * waves.size(1));
        long[] starts = new long[sounds.length];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = (long) most - draws.shift(sounds[i], most);
        }
        return Nn.pad(waves, new long[] {0, most, 0, most}, 0).takeAlong(1, positions(waves, starts));
    }

    /** I64 [n, samples]: so many consecutive numbers from each start. */
    private static Tensor positions(Tensor waves, long[] starts) {
        Device device = waves.device();
        return Tensor.of(starts, starts.length, 1).to(device).add(Tensor.arange(waves.size(1), device));
    }

    private Tensor noise(Tensor normal, Tensor waves, int[] sounds, SoundDraws draws) {
        long[] starts = new long[sounds.length];
        float[] levels = new float[sounds.length];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = draws.place(sounds[i], RECORD);
            levels[i] = (float) draws.level(sounds[i], augmentation.noise());
        }
        Device device = waves.device();
        Tensor length = Tensor.of(new long[] {RECORD}, 1).to(device);
        Tensor places = positions(waves, starts).remainder(length).flatten(0, 1);
        Tensor level = Tensor.of(levels, levels.length, 1).to(device);
        level.mulInPlace(waves.square().mean(true, 1).sqrt());
        return normal.indexSelect(0, places).reshape(waves.shape().toArray()).mulInPlace(level);
    }

    /** Frees the noise. */
    @Override
    public void close() {
        owner.close();
    }
}
