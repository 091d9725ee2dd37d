package dev.espalier.manifest.encode;

import dev.espalier.data.BatchOptions;
import dev.espalier.data.DataException;
import dev.espalier.data.Exhibit;
import dev.espalier.data.MixedAugmentation;
import dev.espalier.manifest.Column;
import dev.espalier.manifest.audio.AudioAugmentation;
import dev.espalier.manifest.audio.DecibelRange;
import dev.espalier.manifest.audio.LogMel;
import dev.espalier.manifest.audio.Loudness;
import dev.espalier.manifest.audio.MelFilters;
import dev.espalier.manifest.audio.PictureAugmenter;
import dev.espalier.manifest.audio.Resampler;
import dev.espalier.manifest.audio.WaveAugmenter;
import dev.espalier.manifest.audio.Waveform;
import dev.espalier.model.Branch;
import dev.espalier.model.InputIndices;
import dev.espalier.model.Metadata;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sounds at one sample rate and loudness, in the middle of one length, fed as log-mel pictures in 0..1.
 *
 * @param mel the pictures
 * @param samples kept of a sound
 */
public record SoundEncoder(String modality, String column, LogMel mel, int samples) implements Encoder {
    /** The share of training sounds that are not cut. */
    private static final double WHOLE = 0.99;

    private static final double LONGEST_UNASKED = 10;
    private static final int BINS = 40;
    /** Levels that training sounds are measured in before their own range is known. */
    private static final DecibelRange WIDE = new DecibelRange(-120, 20);

    /** The shares of the levels of training sounds that lie below 0 and above 1. */
    private static final double BELOW = 0.05;

    private static final double ABOVE = 0.0005;
    /** Masks of each kind in the picture of a training sound. */
    private static final int MASKS = 1;

    public SoundEncoder {
        if (mel.frames(samples) < 1) {
            throw new DataException("sounds of column '" + column + "': expected at least one window of "
                    + mel.framing().window() + " samples, got " + samples);
        }
    }

    /**
     * Takes the rate that most training sounds have, the length that 99 of 100 have, and the range of their levels.
     *
     * @param column its settings are {@code rate} in Hz, {@code seconds} and {@code bins}
     * @param seen some training sounds
     */
    static SoundEncoder fit(Column column, List<Waveform> seen) {
        Settings settings = new Settings(column, List.of("rate", "seconds", "bins", "input"));
        if (seen.isEmpty()) {
            throw new DataException(
                    "column '" + column.name() + "': expected training sounds, got none that can be decoded");
        }
        Map<Integer, Integer> rates = new HashMap<>();
        seen.forEach(sound -> rates.merge(sound.sampleRate(), 1, Integer::sum));
        int usual = rates.entrySet().stream()
                .max(Map.Entry.<Integer, Integer>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .orElseThrow()
                .getKey();
        int rate = settings.integer("rate", usual, 1000, 192_000);
        double[] seconds = seen.stream().mapToDouble(Waveform::seconds).sorted().toArray();
        double length = settings.real(
                "seconds",
                Math.min(LONGEST_UNASKED, Math.max(0.1, seconds[(int) (WHOLE * (seconds.length - 1))])),
                0.05,
                600);
        LogMel wide = LogMel.standard(rate, settings.integer("bins", BINS, 4, 256));
        SoundEncoder measuring = new SoundEncoder(
                settings.text("input", column.name()),
                column.name(),
                new LogMel(rate, wide.framing(), wide.bands(), WIDE),
                Math.max(wide.framing().window(), (int) Math.round(length * rate)));
        return measuring.ranged(seen);
    }

    private SoundEncoder ranged(List<Waveform> seen) {
        int count = Math.min(256, seen.size());
        float[] waves = new float[count * samples];
        for (int i = 0; i < count; i++) {
            float[] wave = fitted(seen.get((int) ((long) i * seen.size() / count)));
            System.arraycopy(wave, 0, waves, i * samples, samples);
        }
        float[] levels;
        try (Scope scope = Scope.open();
                MelFilters filters = mel.filters(Device.CPU)) {
            levels = filters.apply(Tensor.of(waves, count, samples)).toFloatArray();
        }
        Arrays.sort(levels);
        // What is digital silence, such as the margin of short sounds, says nothing of levels.
        int heard = 0;
        while (heard < levels.length - 1 && levels[heard] == 0) {
            heard++;
        }
        int last = levels.length - 1;
        double floor = decibel(levels[heard + (int) (BELOW * (last - heard))]);
        double ceiling = Math.max(floor + 10, decibel(levels[last - (int) (ABOVE * (last - heard))]));
        return new SoundEncoder(
                modality,
                column,
                new LogMel(mel.sampleRate(), mel.framing(), mel.bands(), new DecibelRange(floor, ceiling)),
                samples);
    }

    private static double decibel(float level) {
        return WIDE.floor() + level * (WIDE.ceiling() - WIDE.floor());
    }

    /** At the rate, at the standard loudness, its middle in the middle. */
    private float[] fitted(Waveform sound) {
        float[] wave = Loudness.standard()
                .normalise(Resampler.to(sound, mel.sampleRate()))
                .samples();
        float[] fitted = new float[samples];
        int length = Math.min(samples, wave.length);
        System.arraycopy(wave, (wave.length - length) / 2, fitted, (samples - length) / 2, length);
        return fitted;
    }

    @Override
    public List<String> columns() {
        return List.of(column);
    }

    @Override
    public DType stored() {
        return DType.F32;
    }

    @Override
    public Shape shape() {
        return Shape.of(samples);
    }

    @Override
    public boolean ofFiles() {
        return true;
    }

    /** Bins and levels do not change the sound. */
    @Override
    public SoundEncoder asStored() {
        LogMel plain = new LogMel(
                mel.sampleRate(),
                mel.framing(),
                LogMel.standard(mel.sampleRate(), BINS).bands(),
                WIDE);
        return new SoundEncoder(modality, column, plain, samples);
    }

    @Override
    public boolean encode(List<@Nullable String> cells, CellReader reader, ByteBuffer to) throws IOException {
        String cell = cells.get(0);
        if (cell == null) {
            return false;
        }
        for (float sample : fitted(reader.sound(cell))) {
            to.putFloat(sample);
        }
        return true;
    }

    @Override
    public Exhibit exhibit(ByteBuffer row, List<@Nullable String> cells) {
        float[] heard = new float[samples];
        row.asFloatBuffer().get(heard);
        return Exhibit.sound(new Waveform(mel.sampleRate(), heard).toWav());
    }

    @Override
    public SoundEncoder keptBy(Metadata metadata) {
        return InputIndices.of(metadata, modality, 1)
                .map(bins -> new SoundEncoder(modality, column, mel.withBins(bins), samples))
                .orElse(this);
    }

    @Override
    public List<Branch> branches() {
        return List.of(new Branch.Sound(modality, Shape.of(mel.bins(), mel.frames(samples))));
    }

    private static AudioAugmentation changes(MixedAugmentation mixed) {
        return AudioAugmentation.none()
                .withShift(mixed.timeShift())
                .withNoise(mixed.noise())
                .withTimeMasks(mixed.timeMask() > 0 ? MASKS : 0, mixed.timeMask())
                .withBandMasks(mixed.frequencyMask() > 0 ? MASKS : 0, mixed.frequencyMask());
    }

    @Override
    public Feeder feeder(BatchOptions options, int epoch) {
        long seed = options.sampling().seed();
        AudioAugmentation changes = changes(options.augmentation().mixed());
        MelFilters filters = mel.filters(options.device());
        WaveAugmenter waving = new WaveAugmenter(changes, seed, options.device());
        PictureAugmenter masking = new PictureAugmenter(changes, seed);
        return new Feeder() {
            @Override
            public void feed(Tensor rows, boolean[] present, int[] keys, Map<String, Tensor> inputs) {
                Tensor pictures = filters.apply(waving.apply(rows, keys, epoch));
                inputs.put(modality, masking.apply(pictures, keys, epoch));
                inputs.put(Branch.present(modality), Presence.of(present, options.device()));
            }

            @Override
            public void close() {
                filters.close();
                waving.close();
            }
        };
    }
}
