package dev.espalier.manifest.audio;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.espalier.data.Philox;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Damaged files, a few thousand or {@code -Despalier.fuzz.count} of them: each decodes within the limits or is refused in one
 * line, and neither takes more memory than the limits allow.
 */
class AudioFuzzTest {
    private static final int CASES = Integer.getInteger("espalier.fuzz.count", 4000);
    private static final AudioLimits LIMITS = new AudioLimits(20, 100_000, 1 << 20);
    /**
     * Eight channels of a frame of 65535 samples as 64-bit numbers (4 MiB), once more in bytes (2 MiB), at most four times the
     * samples the limits allow (1.6 MB) while their array grows, and the tables and texts of a decoder.
     */
    private static final long MOST_BYTES = 12 << 20;

    private static final int DRAWS = 64;
    private static final long[] EDGES = {
        0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000L, 0xFFFFFFFFL
    };

    private final Philox random = new Philox(20, 0, 0);
    private long draw;

    private int below(int bound) {
        return random.below(draw++, bound);
    }

    private static List<byte[]> files() throws IOException {
        byte[] noise = new byte[240];
        Philox random = new Philox(1, 0, 0);
        for (int i = 0; i < noise.length; i++) {
            noise[i] = (byte) random.below(i, 256);
        }
        List<byte[]> files = new ArrayList<>();
        for (int bits : new int[] {8, 16, 24, 32}) {
            files.add(Sounds.wav(Sounds.PCM, 2, 8000, bits, noise));
        }
        files.add(Sounds.wav(Sounds.A_LAW, 1, 8000, 8, noise));
        files.add(Sounds.wav(Sounds.MU_LAW, 3, 8000, 8, noise));
        double[] values = {0.5, -0.25, 1, 0, 1e-3, -1, 0.125, 0.75};
        files.add(Sounds.wav(Sounds.FLOAT, 1, 8000, 32, Sounds.floats(32, values)));
        files.add(Sounds.wav(Sounds.FLOAT, 2, 8000, 64, Sounds.floats(64, values)));
        byte[] fmt = Sounds.chunk("fmt ", Sounds.extensible(Sounds.PCM, 6, 48000, 16, 16));
        files.add(Sounds.riff(Sounds.chunk("LIST", new byte[5]), fmt, Sounds.chunk("data", noise)));
        files.add(Sounds.container("RF64", Sounds.longSizes(240), fmt, Sounds.chunk("data", -1, noise)));
        for (String name :
                List.of("sine_16_best", "stereo_16_best", "stereo_24_middle", "noise_8_fast", "stereo_32_best")) {
            files.add(FlacFileTest.resource(name + ".flac"));
        }
        for (int channels = 1; channels <= 8; channels++) {
            int bits = 4 + 4 * channels - (channels > 7 ? 4 : 0);
            long[][] samples = FlacFileTest.samples(channels, bits, 200, channels);
            files.add(FlacWriter.write(samples, bits, 40, channels % 2 == 0, channels));
        }
        return files;
    }

    private byte[] damaged(List<byte[]> files) {
        byte[] file = files.get(below(files.size())).clone();
        int damages = 1 + below(3);
        for (int i = 0; i < damages && file.length > 0; i++) {
            file = switch (below(6)) {
                case 0 -> flipped(file);
                case 1 -> Arrays.copyOf(file, below(file.length));
                case 2 -> spliced(file, files.get(below(files.size())));
                case 3 -> repeated(file);
                case 4 -> edited(file, Math.min(file.length, 64));
                default -> edited(file, file.length);
            };
        }
        return below(2) == 0 ? mended(file) : file;
    }

    private byte[] flipped(byte[] file) {
        for (int i = below(4); i >= 0; i--) {
            file[below(file.length)] ^= (byte) (1 << below(8));
        }
        return file;
    }

    private byte[] spliced(byte[] file, byte[] other) {
        byte[] head = Arrays.copyOf(file, below(file.length));
        return Sounds.join(head, Arrays.copyOfRange(other, below(other.length), other.length));
    }

    private byte[] repeated(byte[] file) {
        int from = below(file.length);
        int to = from + below(file.length - from);
        return Sounds.join(Arrays.copyOf(file, to), Arrays.copyOfRange(file, from, file.length));
    }

    /** A number from the edge of its type in 1, 2 or 4 bytes, little-endian. */
    private byte[] edited(byte[] file, int within) {
        long number = EDGES[below(EDGES.length)];
        int at = below(within);
        int bytes = 1 << below(3);
        for (int b = 0; b < bytes && at + b < file.length; b++) {
            file[at + b] = (byte) (number >> (8 * b));
        }
        return file;
    }

    /** With the CRC of a first FLAC frame set right, so that its other fields are believed. */
    private static byte[] mended(byte[] file) {
        int at = 4;
        while (at + 4 < file.length && file[at] >= 0) {
            at += 4 + ((file[at + 1] & 0xFF) << 16) + ((file[at + 2] & 0xFF) << 8) + (file[at + 3] & 0xFF);
        }
        if (at + 4 < file.length && file[0] == 'f') {
            at += 4 + (file[at + 3] & 0xFF);
            int lengthCode = at + 3 < file.length ? (file[at + 2] & 0xFF) >> 4 : 0;
            int rateCode = at + 3 < file.length ? file[at + 2] & 15 : 0;
            int bytes =
                    5 + (lengthCode == 6 ? 1 : lengthCode == 7 ? 2 : 0) + (rateCode == 12 ? 1 : rateCode > 12 ? 2 : 0);
            if (at + bytes < file.length) {
                file[at + bytes] = (byte) BitWriter.crc(Arrays.copyOfRange(file, at, at + bytes), 8, 0x07);
            }
        }
        return file;
    }

    @Test
    void damagedFilesDecodeWithinTheLimitsOrAreRefused() throws IOException {
        List<byte[]> files = files();
        int decoded = 0;
        for (int i = 0; i < CASES; i++) {
            draw = (long) i * DRAWS;
            byte[] file = damaged(files);
            long before = allocated();
            Object result = result(file, i);
            assertThat(allocated() - before).as("bytes taken by case %d", i).isLessThan(MOST_BYTES);
            if (result instanceof Waveform wave) {
                decoded++;
                assertThat(wave.samples().length).as("case %d", i).isBetween(1, 100_000);
                assertThat(wave.seconds()).as("case %d", i).isLessThanOrEqualTo(20);
                assertThat(loudest(wave)).as("case %d", i).isLessThanOrEqualTo(65536);
            } else {
                assertThat((String) result).as("case %d", i).isNotBlank().doesNotContain("\n");
            }
        }
        // Damage to samples of WAV files goes unseen, that to FLAC files does not: some decode, many do not.
        assertThat(decoded).isBetween(CASES / 20, CASES * 19 / 20);
    }

    /** Bytes that this thread has allocated on the heap so far. */
    private static long allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    /** NaN if any sample is. */
    private static double loudest(Waveform wave) {
        double loudest = 0;
        for (float sample : wave.samples()) {
            loudest = Math.max(loudest, Math.abs(sample));
        }
        return loudest;
    }

    /** The waveform, or what the refusal says. */
    private static Object result(byte[] file, int number) {
        try {
            return AudioFile.decode(file, LIMITS);
        } catch (CorruptAudioException e) {
            return String.valueOf(e.getMessage());
        } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
            throw new AssertionError("case " + number + ": neither decoded nor refused", e);
        }
    }
}
