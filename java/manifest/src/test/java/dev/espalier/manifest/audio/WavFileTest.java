package dev.espalier.manifest.audio;

import static dev.espalier.manifest.audio.Sounds.chunk;
import static dev.espalier.manifest.audio.Sounds.extensible;
import static dev.espalier.manifest.audio.Sounds.format;
import static dev.espalier.manifest.audio.Sounds.join;
import static dev.espalier.manifest.audio.Sounds.pcm;
import static dev.espalier.manifest.audio.Sounds.pcmBytes;
import static dev.espalier.manifest.audio.Sounds.riff;
import static dev.espalier.manifest.audio.Sounds.wav;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WavFileTest {
    private static float[] decode(byte[] file) throws CorruptAudioException {
        return AudioFile.decode(file, AudioLimits.standard()).samples();
    }

    private static void assertRefused(byte[] file, String... said) {
        assertThatThrownBy(() -> decode(file))
                .isInstanceOf(CorruptAudioException.class)
                .hasMessageContainingAll(said)
                .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("\n"));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16, 24, 32})
    void integersReachFromMinusOneToJustBelowOne(int bits) throws CorruptAudioException {
        long scale = 1L << (bits - 1);
        float[] samples = decode(pcm(1, 8000, bits, -scale, -1, 0, 1, scale / 2, scale - 1));
        assertThat(samples).containsExactly(-1f, -1f / scale, 0f, 1f / scale, 0.5f, (float) ((scale - 1.0) / scale));
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64})
    void floatsAreTakenAsTheyAre(int bits) throws CorruptAudioException {
        byte[] data = Sounds.floats(bits, -1.25, 0, 1e-20, 0.5);
        assertThat(decode(wav(Sounds.FLOAT, 1, 8000, bits, data))).containsExactly(-1.25f, 0f, 1e-20f, 0.5f);
        assertRefused(wav(Sounds.FLOAT, 1, 8000, bits, Sounds.floats(bits, 0, Double.NaN)), "NaN", "sample 1");
        assertRefused(wav(Sounds.FLOAT, 1, 8000, bits, Sounds.floats(bits, 1e6)), "at most 65536");
    }

    /** Values of ITU-T G.711 tables 1a to 2b, in units of the 16-bit form. */
    @Test
    void lawsExpandAsInG711() throws CorruptAudioException {
        byte[] mu = {(byte) 0xFF, 0x7F, (byte) 0x80, 0x00, (byte) 0xFE, (byte) 0xEF, 0x6F};
        assertThat(decode(wav(Sounds.MU_LAW, 1, 8000, 8, mu)))
                .containsExactly(scaled(0, 0, 32124, -32124, 8, 132, -132));
        byte[] a = {(byte) 0xD5, 0x55, (byte) 0xAA, 0x2A, (byte) 0xD4, (byte) 0xC5, 0x45};
        assertThat(decode(wav(Sounds.A_LAW, 1, 8000, 8, a)))
                .containsExactly(scaled(8, -8, 32256, -32256, 24, 264, -264));
    }

    private static float[] scaled(int... values) {
        float[] scaled = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            scaled[i] = values[i] / 32768f;
        }
        return scaled;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 11})
    void channelsAreAveraged(int channels) throws CorruptAudioException {
        long[] samples = new long[3 * channels];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = 1000L * (i / channels) + i % channels;
        }
        float middle = (channels - 1) / 2f;
        assertThat(decode(pcm(channels, 8000, 16, samples)))
                .containsExactly(middle / 32768f, (1000 + middle) / 32768f, (2000 + middle) / 32768f);
    }

    @Test
    void extensibleFormatNamesItsCoding() throws CorruptAudioException {
        byte[] data = pcmBytes(24, 1 << 22, -(1 << 22));
        byte[] file = riff(chunk("fmt ", extensible(Sounds.PCM, 1, 44100, 24, 20)), chunk("data", data));
        assertThat(decode(file)).containsExactly(0.5f, -0.5f);
        byte[] alien = extensible(Sounds.PCM, 1, 44100, 24, 24);
        alien[39] ^= 1;
        assertRefused(riff(chunk("fmt ", alien), chunk("data", data)), "GUID");
        byte[] wide = extensible(Sounds.PCM, 1, 44100, 24, 25);
        assertRefused(riff(chunk("fmt ", wide), chunk("data", data)), "24 valid bits", "25");
    }

    @Test
    void otherChunksAndTheirPaddingAreSkipped() throws CorruptAudioException {
        byte[] file = riff(
                chunk("LIST", new byte[7]),
                chunk("fmt ", format(Sounds.PCM, 1, 8000, 16)),
                chunk("fact", new byte[4]),
                chunk("odd ", new byte[1]),
                chunk("data", pcmBytes(16, 16384, -16384)),
                chunk("LIST", new byte[3]));
        assertThat(decode(file)).containsExactly(0.5f, -0.5f);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void streamedDataLastsToTheEnd(int claimed) throws CorruptAudioException {
        byte[] fmt = chunk("fmt ", format(Sounds.PCM, 1, 8000, 16));
        byte[] file = riff(fmt, chunk("data", claimed, pcmBytes(16, 16384, -16384)));
        assertThat(decode(file)).containsExactly(0.5f, -0.5f);
        assertThat(decode(Arrays.copyOf(file, file.length - 1))).containsExactly(0.5f);
        assertRefused(riff(fmt, chunk("data", claimed, new byte[0])), "no samples");
    }

    @Test
    void rf64KeepsItsLengthInAChunkOfItsOwn() throws CorruptAudioException {
        byte[] fmt = chunk("fmt ", format(Sounds.PCM, 1, 8000, 16));
        byte[] data = chunk("data", -1, join(pcmBytes(16, 16384, -16384), chunk("LIST", new byte[2])));
        assertThat(decode(Sounds.container("RF64", Sounds.longSizes(4), fmt, data)))
                .containsExactly(0.5f, -0.5f);
        assertRefused(Sounds.container("RF64", Sounds.longSizes(1L << 40), fmt, data), "1099511627776");
        assertRefused(Sounds.container("RF64", Sounds.longSizes(-2), fmt, data), "18446744073709551614");
    }

    @Test
    void lyingHeadersAreRefused() {
        byte[] data = chunk("data", pcmBytes(16, 1, 2));
        assertRefused(riff(chunk("fmt ", format(Sounds.PCM, 0, 8000, 16)), data), "at least 1 channel, got 0");
        assertRefused(riff(chunk("fmt ", format(Sounds.PCM, 1, 0, 16)), data), "sample rate", "got 0");
        assertRefused(riff(chunk("fmt ", format(Sounds.PCM, 1, -1, 16)), data), "sample rate", "got 4294967295");
        assertRefused(riff(chunk("fmt ", format(Sounds.PCM, 1, 8000, 12)), data), "format 1 of 12 bits");
        assertRefused(riff(chunk("fmt ", format(2, 1, 8000, 16)), data), "format 2 of 16 bits");
        byte[] misaligned = format(Sounds.PCM, 2, 8000, 16);
        misaligned[12] = 3;
        assertRefused(riff(chunk("fmt ", misaligned), data), "block align of 4", "got 3");
        assertRefused(riff(chunk("fmt ", new byte[10]), data), "at least 16 bytes, got 10");
        assertRefused(riff(data), "fmt chunk before the data");
        byte[] fmt = chunk("fmt ", format(Sounds.PCM, 2, 8000, 16));
        assertRefused(riff(fmt), "data chunk");
        assertRefused(riff(fmt, chunk("data", 5000, new byte[8])), "claims 5000 bytes", "8 left");
        assertRefused(riff(chunk("LIST", 5000, new byte[8])), "'LIST' claims 5000 bytes");
        assertRefused(riff(fmt, chunk("data", new byte[6])), "blocks of 4 bytes, got 6");
    }

    @Test
    void otherFilesAreRefused() {
        assertRefused(new byte[0], "got one of 0 bytes");
        assertRefused(new byte[] {'O', 'g', 'g', 'S', 0, 0}, "4f676753");
        assertRefused("RIFF1234AVI LIST".getBytes(StandardCharsets.US_ASCII), "WAVE", "AVI ");
        assertRefused("RIFF".getBytes(StandardCharsets.US_ASCII), "WAVE");
    }

    @Test
    void everyTruncationIsNoticed() {
        byte[] file = pcm(2, 8000, 24, 1, 2, 3, 4, 5, 6);
        for (int length = 0; length < file.length; length++) {
            assertRefused(Arrays.copyOf(file, length), length < 4 ? "bytes" : "");
        }
    }

    @Test
    void limitsHold() throws CorruptAudioException {
        byte[] file = pcm(1, 4, 16, 1, 2, 3, 4, 5, 6);
        assertThat(AudioFile.decode(file, new AudioLimits(1.5, 6, file.length)).seconds())
                .isEqualTo(1.5);
        assertThatThrownBy(() -> AudioFile.decode(file, new AudioLimits(1.4, 6, file.length)))
                .hasMessageContaining("1.4 seconds, got 6 samples at 4 Hz");
        assertThatThrownBy(() -> AudioFile.decode(file, new AudioLimits(1.5, 5, file.length)))
                .hasMessageContaining("at most 5 samples");
        assertThatThrownBy(() -> AudioFile.decode(file, new AudioLimits(1.5, 6, file.length - 1)))
                .hasMessageContaining("at most 55 bytes, got 56");
    }

    @Test
    void refusalNamesTheFile() {
        assertThatThrownBy(() -> decode(new byte[3]))
                .satisfies(failure -> assertThat(((CorruptAudioException) failure).refusal("a/b.wav"))
                        .hasMessageContainingAll("a/b.wav", "got one of 3 bytes", "skip corrupt files"));
    }

    @Test
    void aWaveformWrittenAsWavReadsBackToWithinHalfAStep() throws CorruptAudioException {
        Waveform wave = Sounds.noise(8000, 500, 0.99, 1);
        Waveform read = AudioFile.decode(wave.toWav(), AudioLimits.standard());
        assertThat(read.sampleRate()).isEqualTo(8000);
        assertThat(read.samples()).hasSize(500);
        for (int i = 0; i < 500; i++) {
            assertThat(Math.abs(read.samples()[i] - wave.samples()[i])).isLessThanOrEqualTo(0.5f / 32768);
        }
    }
}
