package dev.espalier.manifest.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.DataException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResamplerTest {
    /** A Kaiser window's ripple is the same in both bands: 80 dB below 1; twice, as phases are scaled to a sum of 1 each. */
    private static final double RIPPLE = 2e-4;
    /** Source samples at either end, of the lower rate, where the filter reaches beyond the sound. */
    private static final int EDGE = 64;

    @ParameterizedTest
    @CsvSource({"44100, 16000", "16000, 44100", "48000, 16000", "8000, 16000", "44099, 16000", "96000, 8000"})
    void sineOfThePassBandStaysInPlace(int from, int to) {
        int lower = Math.min(from, to);
        for (double share : new double[] {0.05, 0.3, 0.44}) {
            double hertz = share * lower;
            Waveform out = Resampler.to(Sounds.sine(from, from / 4, hertz, 0.5), to);
            assertThat(out.sampleRate()).isEqualTo(to);
            int edge = EDGE * to / lower;
            for (int i = edge; i < out.samples().length - edge; i++) {
                double expected = 0.5 * Math.sin(2 * Math.PI * hertz * i / to);
                assertThat((double) out.samples()[i]).isCloseTo(expected, within(RIPPLE));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"44100, 16000", "48000, 8000", "16001, 16000"})
    void whatWouldFoldIsAttenuated(int from, int to) {
        for (double share : new double[] {0.5, 0.7, 0.95}) {
            double hertz = to / 2.0 + share * (from - to) / 2.0;
            Waveform out = Resampler.to(Sounds.sine(from, from / 4, hertz, 1), to);
            for (int i = EDGE; i < out.samples().length - EDGE; i++) {
                assertThat((double) out.samples()[i]).isCloseTo(0, within(RIPPLE));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"44100, 16000", "16000, 48000"})
    void constantStaysConstant(int from, int to) {
        float[] flat = new float[2000];
        Arrays.fill(flat, 0.75f);
        float[] out = Resampler.to(new Waveform(from, flat), to).samples();
        int edge = EDGE * Math.max(1, to / from);
        for (int i = edge; i < out.length - edge; i++) {
            // Up to 278 weights are each rounded to F32.
            assertThat(out[i]).isCloseTo(0.75f, within(280 * Math.ulp(0.75f) / 2));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "44100, 16000, 44100, 16000",
        "3, 2, 5, 3",
        "2, 1, 3, 2",
        "16000, 8000, 1, 1",
        "48000, 8000, 2, 0",
        "8, 9, 0, 0"
    })
    void lengthIsRounded(int from, int to, int length, int expected) {
        assertThat(Resampler.to(new Waveform(from, new float[length]), to).samples())
                .hasSize(expected);
    }

    @Test
    void equalRatesChangeNothing() {
        Waveform wave = Sounds.noise(16000, 100, 1, 1);
        assertThat(Resampler.to(wave, 16000)).isSameAs(wave);
    }

    @Test
    void soundsShorterThanTheFilterAreSilentAround() {
        float[] out = Resampler.to(new Waveform(768_000, new float[] {1, 1, 1}), 767_999)
                .samples();
        assertThat(out).hasSize(3);
        assertThat(out[1]).isCloseTo(1f, within(0.2f));
    }

    @Test
    void badRatesAreRefused() {
        Waveform wave = new Waveform(1, new float[3000]);
        assertThatThrownBy(() -> Resampler.to(wave, 0)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> Resampler.to(wave, 1_000_000)).hasMessageContaining("got 3000000000");
    }
}
