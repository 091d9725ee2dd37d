package dev.espalier.formats;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file that appears whole or not at all.
 *
 * <p>The content goes to a hidden name in the same folder, is synced, then renamed over the target; the folder is synced
 * last. After any failure the hidden file is gone, and a former file of that name is untouched.
 */
public final class AtomicFile {
    private static final String SUFFIX = ".tmp";

    private AtomicFile() {}

    /** Writes the whole content to a channel. */
    @FunctionalInterface
    public interface Body {
        void writeTo(FileChannel channel) throws IOException;
    }

    /** Writes {@code target} from {@code body}; throws {@link StorageException} if the system refuses. */
    public static void write(Path target, Body body) {
        Path absolute = target.toAbsolutePath();
        Path folder = absolute.getParent();
        if (folder == null || Files.isDirectory(absolute)) {
            throw new StorageException("cannot write " + target + ": it is a folder; give a file name");
        }
        if (!Files.isDirectory(folder)) {
            throw new StorageException(
                    "cannot write " + target + ": the folder " + folder + " does not exist; make it first");
        }
        Path hidden = hiddenName(absolute, folder);
        try {
            try {
                fill(hidden, body);
                Files.move(hidden, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                sync(folder);
            } finally {
                Files.deleteIfExists(hidden);
            }
        } catch (IOException e) {
            throw StorageException.writing(target, e);
        }
    }

    /** Writes {@code target} with exactly these bytes. */
    public static void write(Path target, byte[] content) {
        write(target, channel -> writeFully(channel, ByteBuffer.wrap(content)));
    }

    /** Writes all that remains in {@code from}. */
    public static void writeFully(WritableByteChannel to, ByteBuffer from) throws IOException {
        while (from.hasRemaining()) {
            to.write(from);
        }
    }

    /** Whether {@code file} is the hidden remnant of a write to {@code target} that was killed. */
    public static boolean isRemnant(Path file, String target) {
        String name = file.getFileName().toString();
        return name.startsWith("." + target) && name.endsWith(SUFFIX);
    }

    private static Path hiddenName(Path target, Path folder) {
        long salt = ThreadLocalRandom.current().nextLong();
        return folder.resolve("." + target.getFileName() + "." + Long.toHexString(salt) + SUFFIX);
    }

    private static void fill(Path hidden, Body body) throws IOException {
        try (FileChannel channel = FileChannel.open(hidden, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            body.writeTo(channel);
            channel.force(true);
        }
    }

    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
