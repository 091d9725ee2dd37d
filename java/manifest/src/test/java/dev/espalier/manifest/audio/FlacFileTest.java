package dev.espalier.manifest.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.Philox;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlacFileTest {
    private static Waveform decode(byte[] file) throws CorruptAudioException {
        return AudioFile.decode(file, AudioLimits.standard());
    }

    static byte[] resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(FlacFileTest.class.getResourceAsStream("/audio/" + name), name)) {
            return in.readAllBytes();
        }
    }

    private static void assertRefused(byte[] file, String said) {
        assertThatThrownBy(() -> decode(file))
                .isInstanceOf(CorruptAudioException.class)
                .hasMessageContaining(said)
                .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("\n"));
    }

    /** Made by flac 1.4.2, levels 8 (best), 5 and 0 (fast), from the WAV file that lies beside each. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "noise_8_fast",
                "right_16_best",
                "silence_16_best",
                "sine_16_best",
                "sine_16_fast",
                "sine_20_best",
                "six_16_fast",
                "stereo_16_best",
                "stereo_24_middle",
                "stereo_32_best",
                "wasted_16_best"
            })
    void samplesAreThoseOfTheWavFile(String name) throws IOException {
        Waveform wav = decode(resource(name + ".wav"));
        Waveform flac = decode(resource(name + ".flac"));
        assertThat(flac.sampleRate()).isEqualTo(wav.sampleRate());
        assertThat(flac.samples()).isEqualTo(wav.samples());
    }

    /** Samples that may need all bits, with stretches of silence and of zeros in the low bits. */
    static long[][] samples(int channels, int bits, int length, long seed) {
        Philox random = new Philox(seed, 1, 0);
        long[][] samples = new long[channels][length];
        for (int c = 0; c < channels; c++) {
            for (int i = 0; i < length; i++) {
                int stretch = random.below(1_000_000 + (i >> 5) * 10L + c, 4);
                double size = Math.pow(2, bits - 1 - (stretch == 1 ? bits / 2 : 0));
                long value = (long) Math.floor(random.uniform((long) i * channels + c, -size, size));
                samples[c][i] = stretch == 0 ? 0 : stretch == 2 ? value & -4 : value;
            }
        }
        return samples;
    }

    @ParameterizedTest
    @CsvSource({
        "1, 4, 16",
        "1, 8, 37",
        "2, 12, 64",
        "2, 16, 192",
        "2, 24, 256",
        "1, 24, 4096",
        "2, 32, 100",
        "1, 32, 64",
        "8, 16, 50",
        "3, 20, 128",
        "2, 5, 1"
    })
    void everyFeatureIsUndone(int channels, int bits, int frame) throws CorruptAudioException {
        for (long seed = 0; seed < 6; seed++) {
            long[][] samples = samples(channels, bits, 777, seed);
            float[] decoded = decode(FlacWriter.write(samples, bits, frame, seed % 2 == 0, seed))
                    .samples();
            assertThat(decoded).hasSize(777);
            for (int i = 0; i < decoded.length; i++) {
                double sum = 0;
                for (long[] channel : samples) {
                    sum += channel[i];
                }
                assertThat(decoded[i]).isEqualTo((float) (sum / channels / Math.pow(2, bits - 1)));
            }
        }
    }

    /** Numbers of frames and samples that take one to three bytes. */
    @Test
    void longFilesNumberTheirFrames() throws CorruptAudioException {
        for (long seed = 0; seed < 4; seed++) {
            byte[] file = FlacWriter.write(new long[1][40_000], 8, 16, true, seed);
            assertThat(decode(file).samples()).hasSize(40_000).containsOnly(0f);
        }
    }

    /** A byte of a frame is under its CRC, one of the metadata under the MD5 or a comparison with the frames. */
    @Test
    void flippedByteIsNoticed() throws IOException {
        byte[] file = resource("stereo_16_best.flac");
        int frames = file.length - 1500;
        for (int at = frames; at < file.length; at += 13) {
            byte[] flipped = file.clone();
            flipped[at] ^= 0x10;
            assertRefused(flipped, "");
        }
    }

    @Test
    void everyTruncationIsNoticed() throws IOException {
        byte[] file = resource("sine_16_best.flac");
        for (int length = 4; length < file.length; length += 7) {
            assertRefused(Arrays.copyOf(file, length), "");
        }
        assertThat(decode(Arrays.copyOf(file, file.length + 128)).samples())
                .isEqualTo(decode(file).samples());
    }

    @Test
    void lyingStreamInfoIsRefused() {
        byte[] file = FlacWriter.write(samples(1, 16, 100, 1), 16, 50, true, 1);
        assertRefused(changed(file, 4, 1), "STREAMINFO block of 34 bytes first, got type 1");
        assertRefused(changed(file, 11, 40), "at most 40 samples, got one of 50");
        assertRefused(changed(file, 18, 0, 0, 0), "sample rate");
        assertRefused(changed(file, 25, 101), "expected 101 samples, got 100");
        assertRefused(changed(file, 25, 99), "expected 99 samples, got 100 or more");
        assertRefused(changed(file, 25, 50), "expected 50 samples, got more");
        assertRefused(changed(file, 22, 0xFF), "samples, more than its");
        assertRefused(changed(file, 26, file[26] ^ 1), "the MD5 of the samples: expected ");
        assertRefused(changed(file, 43, 1), "metadata block of type 4 claims 65539 bytes");
        assertRefused(changed(file, 49, 0), "expected a frame at byte 49");
    }

    private static byte[] changed(byte[] file, int at, int... bytes) {
        byte[] changed = file.clone();
        for (int i = 0; i < bytes.length; i++) {
            changed[at + i] = (byte) bytes[i];
        }
        return changed;
    }

    @Test
    void limitsHoldWhetherTheLengthIsToldOrNot() throws CorruptAudioException {
        for (boolean known : new boolean[] {true, false}) {
            byte[] file = FlacWriter.write(samples(1, 16, 100, 1), 16, 10, known, 1);
            assertThat(AudioFile.decode(file, new AudioLimits(1, 100, 1 << 20)).samples())
                    .hasSize(100);
            assertThatThrownBy(() -> AudioFile.decode(file, new AudioLimits(1, 99, 1 << 20)))
                    .isInstanceOf(CorruptAudioException.class)
                    .hasMessageContaining("at most 99 samples");
        }
        byte[] empty = Arrays.copyOf(FlacWriter.write(samples(1, 16, 100, 1), 16, 10, false, 1), 49);
        assertRefused(empty, "no samples");
    }
}
