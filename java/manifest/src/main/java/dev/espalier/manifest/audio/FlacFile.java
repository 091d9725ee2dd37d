package dev.espalier.manifest.audio;

/** Decodes FLAC files (RFC 9639). */
final class FlacFile {
    private FlacFile() {}

    static Waveform decode(byte[] file, AudioLimits limits) throws CorruptAudioException {
        limits.requireBytes(file.length);
        throw new CorruptAudioException("FLAC files are not read yet");
    }
}
