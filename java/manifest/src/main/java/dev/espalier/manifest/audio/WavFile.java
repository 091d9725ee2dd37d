package dev.espalier.manifest.audio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Decodes WAV files: RIFF (Microsoft and IBM, "Multimedia programming interface and data specifications 1.0") and RF64 (EBU
 * Tech 3306), whose data may exceed 32 bits of length.
 *
 * <p>The length of the whole that the first chunk claims is not used: many writers leave it wrong. Data of length 0 or 2^32-1 was
 * written by one who could not know it and lasts to the end of the file.
 */
final class WavFile {
    private static final int CHUNK_HEAD = 8;
    private static final long UNKNOWN = 0xFFFFFFFFL;
    /** Beyond this a floating-point sample is taken for garbage; 16-bit integers kept as floats still pass. */
    private static final double LOUDEST = 0x1p16;

    private final ByteBuffer file;
    private final AudioLimits limits;
    private long longDataBytes = UNKNOWN;
    private @Nullable WavFormat format;

    private WavFile(byte[] file, AudioLimits limits) {
        this.file = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        this.limits = limits;
    }

    static Waveform decode(byte[] file, AudioLimits limits) throws CorruptAudioException {
        return new WavFile(file, limits).decode();
    }

    private Waveform decode() throws CorruptAudioException {
        String form = file.limit() < 12 ? "" : name(8);
        if (!form.equals("WAVE")) {
            throw new CorruptAudioException("expected RIFF of form WAVE, got '" + form + "'");
        }
        long at = 12;
        while (at + CHUNK_HEAD <= file.limit()) {
            int head = (int) at;
            long bytes = file.getInt(head + 4) & 0xFFFFFFFFL;
            String name = name(head);
            if (name.equals("data")) {
                return samples(head + CHUNK_HEAD, bytes);
            }
            ByteBuffer content = content(name, head + CHUNK_HEAD, bytes);
            if (name.equals("fmt ")) {
                format = WavFormat.parse(content);
            } else if (name.equals("ds64")) {
                longDataBytes = content.limit() < 16 ? UNKNOWN : content.getLong(8);
            }
            at = head + CHUNK_HEAD + bytes + (bytes & 1);
        }
        throw new CorruptAudioException("expected a data chunk, got the end of the file");
    }

    /** Four characters; what is not printable ASCII shows as a question mark. */
    private String name(int at) {
        byte[] name = new byte[4];
        file.get(at, name);
        return new String(name, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", "?");
    }

    private ByteBuffer content(String name, int start, long bytes) throws CorruptAudioException {
        requirePresent(name, start, bytes);
        return file.slice(start, (int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void requirePresent(String name, int start, long bytes) throws CorruptAudioException {
        if (bytes < 0 || bytes > file.limit() - start) {
            throw new CorruptAudioException("chunk '" + name + "' claims " + Long.toUnsignedString(bytes)
                    + " bytes, the file has " + (file.limit() - start) + " left");
        }
    }

    private Waveform samples(int start, long claimed) throws CorruptAudioException {
        WavFormat known = format;
        if (known == null) {
            throw new CorruptAudioException("expected a fmt chunk before the data chunk, got none");
        }
        long bytes = claimed == UNKNOWN ? longDataBytes : claimed;
        int frame = known.frameBytes();
        if (bytes == UNKNOWN || bytes == 0) {
            long rest = (long) file.limit() - start;
            bytes = rest - rest % frame;
        }
        requirePresent("data", start, bytes);
        if (bytes % frame != 0) {
            throw new CorruptAudioException("expected data in blocks of " + frame + " bytes, got " + bytes + " bytes");
        }
        float[] samples = new float[limits.requireLength(bytes / frame, known.sampleRate())];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = mean(known, start + i * frame, i);
        }
        return new Waveform(known.sampleRate(), samples);
    }

    private float mean(WavFormat known, int at, int index) throws CorruptAudioException {
        double sum = 0;
        for (int c = 0; c < known.channels(); c++) {
            double value = known.coding().read(file, at + c * known.coding().bytes());
            if (!(Math.abs(value) <= LOUDEST)) {
                throw new CorruptAudioException(
                        "expected samples of at most " + LOUDEST + ", got " + value + " at sample " + index);
            }
            sum += value;
        }
        return (float) (sum / known.channels());
    }
}
