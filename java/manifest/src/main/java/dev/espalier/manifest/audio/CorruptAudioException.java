package dev.espalier.manifest.audio;

import dev.espalier.data.DataException;
import java.io.IOException;

/** A sound file whose bytes do not decode; the message is one line that says what is wrong with them, without the file's name. */
public final class CorruptAudioException extends IOException {
    private static final long serialVersionUID = 1L;

    CorruptAudioException(String reason) {
        super(reason);
    }

    /**
     * This failure for one who asked that corrupt sounds be refused.
     *
     * @param name the file's name
     */
    public DataException refusal(String name) {
        return new DataException(
                "sound " + name + ": expected a whole WAV or FLAC file, got: " + getMessage()
                        + "; replace or remove it, or skip corrupt files",
                this);
    }
}
