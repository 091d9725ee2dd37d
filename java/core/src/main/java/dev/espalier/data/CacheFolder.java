package dev.espalier.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder of entries that are made once, each a folder of its own whose name holds a key over everything that decides its content.
 *
 * <p>An entry is written under another name, synced and renamed, so that a folder with its own name is whole unless the disk
 * damaged it; then its checksums say so and it is made again. A lock file lets one process at a time write an entry.
 */
final class CacheFolder {
    private static final Object ONE_BUILD_PER_JVM = new Object();

    private final Path folder;
    private final DataListener listener;

    CacheFolder(Path folder, DataListener listener) {
        this.folder = folder;
        this.listener = listener;
    }

    /** How an entry is read and made. */
    interface Entry<T> {
        /**
         * Opens what lies there.
         *
         * @throws IOException if it is damaged
         */
        T read(Path place) throws IOException;

        /** Writes all files into an empty folder; they are on the disk when it returns. */
        void write(Path growing) throws IOException;
    }

    /** The entry of this name, made now if it is not there or damaged. */
    <T> T open(String name, Entry<T> entry) throws IOException {
        // What is damaged is told of by the one who makes it again.
        T found = read(folder.resolve(name), entry, DataListener.silent());
        if (found != null) {
            return found;
        }
        synchronized (ONE_BUILD_PER_JVM) {
            return build(name, entry);
        }
    }

    private static <T> @Nullable T read(Path place, Entry<T> entry, DataListener listener) {
        if (!Files.isDirectory(place)) {
            return null;
        }
        try {
            T found = entry.read(place);
            used(place);
            return found;
        } catch (IOException | RuntimeException e) {
            listener.note("the cache " + place + " is damaged (" + e.getMessage() + "): it is made again");
            return null;
        }
    }

    /** Notes that an entry was opened, for {@link CacheEntry#used}, where the folder may be written to. */
    private static void used(Path place) {
        try {
            Files.setLastModifiedTime(place, FileTime.from(Instant.now()));
        } catch (IOException e) {
            // A cache that can only be read serves as well.
        }
    }

    private <T> T build(String name, Entry<T> entry) throws IOException {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new DataException(
                    "cache folder " + folder + ": cannot be made (" + e + "); choose another with --cache", e);
        }
        Path place = folder.resolve(name);
        try (FileChannel channel = FileChannel.open(
                        folder.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            T found = read(place, entry, listener);
            if (found != null) {
                return found;
            }
            Path growing = folder.resolve(name + ".tmp");
            try {
                delete(growing);
                delete(place);
                Files.createDirectory(growing);
                entry.write(growing);
                sync(growing);
                Files.move(growing, place, StandardCopyOption.ATOMIC_MOVE);
                sync(folder);
            } finally {
                delete(growing);
            }
            return entry.read(place);
        }
    }

    /**
     * The failure to write an entry.
     *
     * @param what is written, such as {@code decoded images}
     */
    DataException unwritten(long bytes, String what, IOException cause) {
        return new DataException(
                "cache folder " + folder + ": writing " + (bytes >> 20) + " MiB of " + what + " failed ("
                        + cause.getMessage() + "); make room or choose another with --cache",
                cause);
    }

    /** The failure to use the folder in any other way. */
    DataException unusable(String what, IOException cause) {
        return new DataException(
                "cache folder " + folder + ": cannot be used for " + what + " (" + cause
                        + "); choose another with --cache",
                cause);
    }

    /** Waits until the folder's entries are on the disk. */
    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    static void delete(Path place) throws IOException {
        if (Files.isDirectory(place)) {
            List<Path> files;
            try (Stream<Path> inside = Files.list(place)) {
                files = inside.toList();
            }
            for (Path file : files) {
                Files.delete(file);
            }
            Files.delete(place);
        }
    }
}
