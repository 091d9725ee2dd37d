package dev.espalier.manifest.audio;

import java.nio.ByteBuffer;

/**
 * Decodes sound files held in memory; the format is told by the first bytes, never by the name.
 *
 * <p>WAV: RIFF and RF64, integers of 8 to 32 bits, floats of 32 and 64 bits, A-law and mu-law. FLAC: all of RFC 9639 but
 * changes of rate, channels or depth within a file. Channels are averaged to one.
 */
public final class AudioFile {
    private static final int RIFF = 0x52494646;
    private static final int RF64 = 0x52463634;
    private static final int BW64 = 0x42573634;
    private static final int FLAC = 0x664C6143;

    private AudioFile() {}

    /**
     * Decodes one file.
     *
     * @param file the whole file
     * @throws CorruptAudioException if it is not a whole WAV or FLAC file, or asks for more than {@code limits}
     */
    public static Waveform decode(byte[] file, AudioLimits limits) throws CorruptAudioException {
        if (file.length < 4) {
            throw new CorruptAudioException("expected a WAV or FLAC file, got one of " + file.length + " bytes");
        }
        limits.requireBytes(file.length);
        int magic = ByteBuffer.wrap(file).getInt();
        return switch (magic) {
            case RIFF, RF64, BW64 -> WavFile.decode(file, limits);
            case FLAC -> FlacFile.decode(file, limits);
            default ->
                throw new CorruptAudioException(String.format(
                        "expected a WAV (RIFF, RF64) or FLAC (fLaC) file, got one that starts with %08x", magic));
        };
    }
}
