package dev.espalier.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** Files of fixed records, plain or packed by gzip. */
final class FlatFiles {
    private FlatFiles() {}

    /** The first of the names that is a file in the folder, as it is or with {@code .gz} added. */
    static Optional<Path> find(Path folder, String... names) {
        for (String name : names) {
            for (String suffix : new String[] {"", ".gz"}) {
                Path file = folder.resolve(name + suffix);
                if (Files.isRegularFile(file)) {
                    return Optional.of(file);
                }
            }
        }
        return Optional.empty();
    }

    static InputStream open(Path file) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        try {
            return file.toString().endsWith(".gz")
                    ? new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16)
                    : in;
        } catch (IOException e) {
            in.close();
            throw new DataException(
                    "data file " + file + ": expected a gzip file, got other content (" + e.getMessage()
                            + "); fetch it again",
                    e);
        }
    }

    /** Exactly {@code count} bytes. */
    static byte[] take(InputStream in, int count, Path file) {
        try {
            byte[] bytes = in.readNBytes(count);
            if (bytes.length == count) {
                return bytes;
            }
            throw new EOFException("a record of " + count + " bytes has only " + bytes.length);
        } catch (IOException e) {
            throw new DataException(
                    "data file " + file + ": ends early or is damaged (" + e.getMessage() + "); fetch it again", e);
        }
    }

    /** Path, length and time of change. */
    static String identity(Path file) throws IOException {
        return file.toRealPath() + "\t" + Files.size(file) + '\t'
                + Files.getLastModifiedTime(file).toMillis();
    }
}
