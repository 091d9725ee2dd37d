package dev.espalier.manifest.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.DataException;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NoLeaks
class MelFiltersTest {
    private static final int RATE = 8000;

    private static LogMel spec(int window, int hop) {
        return new LogMel(RATE, new Framing(window, hop), MelBands.all(24, 100, 4000), new DecibelRange(-60, 0));
    }

    private static float[] pictures(LogMel spec, Waveform... sounds) {
        int samples = sounds[0].samples().length;
        float[] all = new float[sounds.length * samples];
        for (int i = 0; i < sounds.length; i++) {
            System.arraycopy(sounds[i].samples(), 0, all, i * samples, samples);
        }
        try (MelFilters filters = spec.filters(Device.CPU);
                Scope scope = Scope.open()) {
            Tensor out = filters.apply(Tensor.of(all, sounds.length, samples));
            assertThat(out.shape().toArray()).containsExactly(sounds.length, spec.bins(), spec.frames(samples));
            return out.toFloatArray();
        }
    }

    /** The power in a mel bin of one frame, by the definition of each step, in double precision. */
    private static double power(LogMel spec, float[] samples, int frame, int bin) {
        int n = spec.framing().window();
        double sum = 0;
        for (int k = 0; k <= n / 2; k++) {
            double re = 0;
            double im = 0;
            for (int i = 0; i < n; i++) {
                double value = samples[frame * spec.framing().hop() + i] * Math.pow(Math.sin(Math.PI * i / n), 2);
                re += value * Math.cos(2 * Math.PI * k * i / n);
                im -= value * Math.sin(2 * Math.PI * k * i / n);
            }
            sum += triangle(spec, bin, (double) k * RATE / n) * (re * re + im * im) * 16 / ((double) n * n);
        }
        return sum;
    }

    private static double triangle(LogMel spec, int bin, double hertz) {
        double low = 2595 * Math.log10(1 + spec.bands().lowest() / 700);
        double step = (2595 * Math.log10(1 + spec.bands().highest() / 700) - low)
                / (spec.bands().count() + 1);
        double[] edges = IntStream.range(bin, bin + 3)
                .mapToDouble(i -> 700 * (Math.pow(10, (low + i * step) / 2595) - 1))
                .toArray();
        if (hertz <= edges[0] || hertz >= edges[2]) {
            return 0;
        }
        return hertz < edges[1]
                ? (hertz - edges[0]) / (edges[1] - edges[0])
                : (edges[2] - hertz) / (edges[2] - edges[1]);
    }

    @ParameterizedTest
    @CsvSource({"200, 80, 1000", "200, 80, 1013", "128, 128, 500", "100, 130, 500", "201, 67, 201", "256, 1, 260"})
    void valuesAreThoseOfTheDefinition(int window, int hop, int samples) {
        LogMel spec = spec(window, hop);
        Waveform first = Sounds.noise(RATE, samples, 0.5, 1);
        Waveform second = Sounds.sine(RATE, samples, 700, 0.1);
        float[] pictures = pictures(spec, first, second);
        int frames = spec.frames(samples);
        for (int at = 0; at < pictures.length; at++) {
            Waveform sound = at < pictures.length / 2 ? first : second;
            double power = power(spec, sound.samples(), at % frames, at / frames % spec.bins());
            double expected = Math.min(1, Math.max(0, (10 * Math.log10(power) + 60) / 60));
            assertThat((double) pictures[at]).isCloseTo(expected, within(tolerance(window)));
        }
    }

    /**
     * Each of the window's n terms of a DFT value is rounded relative to 4/n at most 3 times and summed with n more roundings, so
     * a value is off by at most 4 (n + 3) u, u = 2^-24, and its square root of power near the floor (1e-3) by that over 1e-3; 20/60
     * log10 of 1 + e is e / 6.9. Errors of the later steps are far smaller.
     */
    private static double tolerance(int window) {
        return 4.0 * (window + 3) * 0x1p-24 / 1e-3 / 6.9;
    }

    @Test
    void silenceIsZeroAndLoudnessIsCut() {
        LogMel spec = spec(200, 80);
        assertThat(pictures(spec, new Waveform(RATE, new float[500]))).containsOnly(0f);
        float[] loud = pictures(spec, Sounds.noise(RATE, 500, 1000, 3));
        assertThat(loud).contains(1f);
        for (float value : loud) {
            assertThat(value).isBetween(0f, 1f);
        }
    }

    @Test
    void sineLandsInTheBinThatCoversIt() {
        LogMel spec = LogMel.standard(16000, 40);
        int samples = 4000;
        int frames = spec.frames(samples);
        for (int bin = 5; bin < 40; bin += 7) {
            double centre = spec.bands().edge(bin + 1);
            float[] picture = pictures(spec, Sounds.sine(16000, samples, centre, 0.1));
            int wanted = bin;
            int loudest = IntStream.range(0, 40)
                    .reduce((a, b) -> picture[a * frames + 3] >= picture[b * frames + 3] ? a : b)
                    .orElseThrow();
            assertThat(loudest).isEqualTo(wanted);
        }
    }

    /** A sine at a frequency of the window where a filter has its top: 0 dB, and 1.76 dB more at most for the window's skirts. */
    @Test
    void decibelsAreRelativeToASineOfFullScale() {
        MelBands bands = MelBands.all(1, 500, 1200);
        double centre = bands.edge(1);
        int window = 1000;
        int rate = (int) Math.round(centre * window / 100);
        LogMel spec = new LogMel(rate, new Framing(window, window), bands, new DecibelRange(-10, 10));
        float level = pictures(spec, Sounds.sine(rate, window, rate / 10.0, 1))[0];
        assertThat(level * 20 - 10).isBetween(1.5f, 1.77f);
    }

    @Test
    void keptBinsAreThoseOfTheWhole() {
        LogMel spec = spec(200, 80);
        Waveform sound = Sounds.noise(RATE, 1000, 0.5, 1);
        int frames = spec.frames(1000);
        float[] whole = pictures(spec, sound);
        LogMel some = spec.withBins(2, 3, 11, 23);
        float[] kept = pictures(some, sound);
        int[] bins = {2, 3, 11, 23};
        for (int i = 0; i < kept.length; i++) {
            assertThat(kept[i])
                    .isCloseTo(whole[bins[i / frames] * frames + i % frames], within((float) tolerance(200)));
        }
        assertThat(some.withBins(1, 3).bands().kept()).containsExactly(3, 23);
        assertThat(some.bins()).isEqualTo(4);
    }

    /** At 48 and 16 kHz, the lowest of 40 bins are wide enough for 25 ms; at lower rates, or for more bins, they are not. */
    @Test
    void standardWindowIsAsLongAsTheBinsNeed() {
        assertThat(LogMel.standard(48_000, 40).framing()).isEqualTo(new Framing(1200, 480));
        assertThat(LogMel.standard(16_000, 40).framing()).isEqualTo(new Framing(400, 160));
        assertThat(LogMel.standard(16_000, 256).framing().window()).isBetween(800, 1600);
        assertThat(LogMel.standard(1000, 40).framing().window()).isBetween(50, 200);
        assertThat(LogMel.standard(50, 4).bins()).isEqualTo(4);
    }

    @Test
    void framesFitInside() {
        LogMel spec = spec(200, 80);
        assertThat(spec.frames(199)).isZero();
        assertThat(spec.frames(200)).isEqualTo(1);
        assertThat(spec.frames(279)).isEqualTo(1);
        assertThat(spec.frames(280)).isEqualTo(2);
    }

    @Test
    void badSettingsAreRefused() {
        assertThatThrownBy(() -> pictures(spec(200, 80), Sounds.sine(RATE, 199, 1, 1)))
                .isInstanceOf(DataException.class)
                .hasMessageContainingAll("at least 200 samples", "[1, 199]");
        assertThatThrownBy(() -> spec(40, 80))
                .hasMessageContainingAll("one every 200.0 Hz", "bin 2 from 221.7 to 362.0 Hz");
        assertThatThrownBy(() -> spec(200, 80).withBins(3, 2)).hasMessageContaining("ascending");
        assertThatThrownBy(() -> spec(200, 80).withBins()).hasMessageContaining("got []");
        assertThatThrownBy(() -> spec(200, 80).withBins(24)).hasMessageContaining("got 24");
        assertThatThrownBy(() -> new Framing(1, 1)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> new DecibelRange(0, 0)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> MelBands.all(8, 500, 500)).isInstanceOf(DataException.class);
        DecibelRange range = new DecibelRange(-60, 0);
        assertThatThrownBy(() -> new LogMel(8000, new Framing(200, 80), MelBands.all(8, 0, 4001), range))
                .hasMessageContainingAll("half the sample rate of 8000", "4001");
    }
}
