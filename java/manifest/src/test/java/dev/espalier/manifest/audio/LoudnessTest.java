package dev.espalier.manifest.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.DataException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoudnessTest {
    private static double decibels(float[] samples, int from, int to) {
        double energy = 0;
        for (int i = from; i < to; i++) {
            energy += (double) samples[i] * samples[i];
        }
        return 10 * Math.log10(energy / (to - from));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-4, 0.01, 0.9})
    void levelIsTheTarget(double amplitude) {
        float[] out = Loudness.standard()
                .normalise(Sounds.noise(8000, 8123, amplitude, 1))
                .samples();
        // Each sample is rounded by a relative 2^-24: less than 1e-6 dB.
        assertThat(decibels(out, 0, out.length)).isCloseTo(-20, within(1e-6));
    }

    @Test
    void quietFramesDoNotCount() {
        Waveform wave = Sounds.noise(8000, 8000, 0.5, 1);
        for (int i = 4000; i < 8000; i++) {
            wave.samples()[i] *= 0.005f; // -46 dB
        }
        float[] out = Loudness.standard().normalise(wave).samples();
        assertThat(decibels(out, 0, 4000)).isCloseTo(-20, within(1e-6));
        Waveform louder = Sounds.noise(8000, 8000, 0.5, 1);
        for (int i = 4000; i < 8000; i++) {
            louder.samples()[i] *= 0.1f; // -20 dB
        }
        float[] counted = Loudness.standard().normalise(louder).samples();
        assertThat(decibels(counted, 0, 8000)).isCloseTo(-20, within(1e-6));
    }

    @Test
    void peaksStayBelowFullScale() {
        float[] samples = new float[8000];
        Arrays.fill(samples, 0.001f);
        samples[100] = -0.5f;
        float[] out = Loudness.standard().normalise(new Waveform(8000, samples)).samples();
        assertThat(out[100]).isGreaterThan(-1f).isCloseTo(-0.999f, within(Math.ulp(1f)));
        assertThat(out[0]).isCloseTo(0.001f * 0.999f / 0.5f, within(1e-9f));
    }

    @Test
    void silenceStaysSilence() {
        Waveform silence = new Waveform(8000, new float[1000]);
        assertThat(Loudness.standard().normalise(silence)).isSameAs(silence);
        Waveform nothing = new Waveform(8000, new float[0]);
        assertThat(Loudness.standard().normalise(nothing)).isSameAs(nothing);
        Waveform hiss = Sounds.noise(8000, 1000, 1e-6, 1);
        assertThat(Loudness.standard().normalise(hiss)).isSameAs(hiss);
    }

    @Test
    void badSettingsAreRefused() {
        assertThatThrownBy(() -> new Loudness(0, 40, 0.05)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> new Loudness(-20, Double.NaN, 0.05)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> new Loudness(-20, 40, 0)).isInstanceOf(DataException.class);
    }
}
