package dev.espalier.manifest.encode;

import dev.espalier.data.DataException;
import dev.espalier.data.Picture;
import dev.espalier.data.PictureDecoder;
import dev.espalier.manifest.FilePaths;
import dev.espalier.manifest.audio.AudioFile;
import dev.espalier.manifest.audio.AudioLimits;
import dev.espalier.manifest.audio.Waveform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the files that cells name; for one thread at a time. */
public final class CellReader implements AutoCloseable {
    private static final AudioLimits LIMITS = AudioLimits.standard();

    private final Path root;
    private final PictureDecoder pictures = new PictureDecoder();

    /** Relative paths start from {@code root}. */
    public CellReader(Path root) {
        this.root = root;
    }

    Picture picture(String cell) throws IOException {
        return pictures.decode(bytes(cell));
    }

    Waveform sound(String cell) throws IOException {
        return AudioFile.decode(bytes(cell), LIMITS);
    }

    private byte[] bytes(String cell) throws IOException {
        Path file = FilePaths.resolve(root, cell);
        long size;
        try {
            size = Files.size(file);
            if (size <= LIMITS.bytes()) {
                return Files.readAllBytes(file);
            }
        } catch (NoSuchFileException e) {
            throw new IOException("the file " + cell + " is gone", e);
        } catch (IOException e) {
            throw new DataException(
                    "file " + file + ": cannot be read (" + e + "); check its permissions and the disk", e);
        }
        throw new IOException("expected a file of at most " + LIMITS.bytes() + " bytes, got " + size);
    }

    @Override
    public void close() {
        pictures.close();
    }
}
