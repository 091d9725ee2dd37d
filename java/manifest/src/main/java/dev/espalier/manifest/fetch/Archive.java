package dev.espalier.manifest.fetch;

import dev.espalier.data.DataException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** A gzipped tar archive, unpacked into a folder that appears whole or not at all. Nothing in it is trusted. */
final class Archive {
    private static final int LONGEST_PATH = 1024;
    /** Tar pads the end with zeros, to 10 KiB unless it is told otherwise. */
    private static final long MOST_PADDING = 1L << 20;

    private final Path file;
    private final Unpacking how;

    Archive(Path file, Unpacking how) {
        this.file = file;
        this.how = how;
    }

    /** What is done with each file of the archive. */
    @FunctionalInterface
    private interface Visitor {
        void file(String path, TarReader content) throws IOException;
    }

    /**
     * Unpacks it.
     *
     * @param target a folder that does not exist
     * @return the bytes of all files
     */
    long unpack(Path target) {
        Path growing = target.resolveSibling("." + target.getFileName() + ".part");
        try {
            delete(growing);
            Files.createDirectories(growing);
            long bytes = walk((path, content) -> write(growing.resolve(path), content));
            if (how.content().isPresent()) {
                String complaint = how.content().get().complaint(growing).orElse("");
                if (!complaint.isEmpty()) {
                    throw new FetchException(file.getFileName() + ": " + complaint + "; kept as " + aside()
                            + "; fetch again, or from another source with --from");
                }
            }
            if (Files.exists(target)) {
                throw new DataException(target + ": appeared while it was being unpacked; it is left as it is");
            }
            Files.move(growing, target, StandardCopyOption.ATOMIC_MOVE);
            return bytes;
        } catch (IOException e) {
            throw failure(e);
        } finally {
            deleteQuietly(growing);
        }
    }

    /**
     * Compares it with a folder that it was unpacked into.
     *
     * @return the bytes of all files
     * @throws DataException if a file of the archive is missing there or differs
     */
    long compare(Path unpacked) {
        try {
            return walk((path, content) -> {
                if (!same(unpacked.resolve(path), content)) {
                    throw new DataException(unpacked.resolve(path) + ": expected the file that lies in "
                            + file.getFileName() + ", got "
                            + (Files.exists(unpacked.resolve(path)) ? "another" : "none") + "; move "
                            + unpacked.getFileName() + " away, then fetch again");
                }
            });
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private long walk(Visitor visitor) throws IOException {
        try (InputStream in = new BufferedInputStream(
                new GZIPInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16), 1 << 16), 1 << 16)) {
            TarReader tar = new TarReader(in);
            long bytes = 0;
            int entries = 0;
            for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
                if (++entries > how.limits().entries()) {
                    throw new IOException("more than " + how.limits().entries() + " entries");
                }
                if (entry.bytes() > how.limits().bytes() - bytes) {
                    throw new IOException("more than " + how.limits().bytes() + " bytes");
                }
                bytes += entry.bytes();
                String path = inside(entry.path());
                if (path == null || entry.folder()) {
                    continue;
                }
                visitor.file(path, tar);
            }
            end(in);
            return bytes;
        }
    }

    /** Reads on to the end, where gzip's own checksum is compared. */
    private static void end(InputStream in) throws IOException {
        long padding = 0;
        for (int n = in.readNBytes(1 << 16).length; n > 0; n = in.readNBytes(1 << 16).length) {
            padding += n;
            if (padding > MOST_PADDING) {
                throw new IOException("more than " + MOST_PADDING + " bytes behind its end");
            }
        }
    }

    /** The entry's path below the folder, without what is stripped; null if nothing remains. */
    private @Nullable String inside(String path) throws IOException {
        List<String> parts = Arrays.stream(path.split("/", -1))
                .filter(part -> !part.isEmpty() && !part.equals("."))
                .toList();
        boolean escapes = path.startsWith("/")
                || path.length() > LONGEST_PATH
                || parts.contains("..")
                || path.chars().anyMatch(c -> c < ' ' || c == '\\' || c == 0x7F || c == 0xFFFD);
        if (escapes) {
            throw new IOException("a path that is not taken: '" + path.replaceAll("\\p{Cntrl}", "?") + "'");
        }
        return parts.size() <= how.strip() ? null : String.join("/", parts.subList(how.strip(), parts.size()));
    }

    private static void write(Path to, TarReader content) throws IOException {
        if (Files.isRegularFile(to.getParent()) || Files.exists(to)) {
            throw new IOException("'" + to.getFileName() + "' in the place of another file");
        }
        Files.createDirectories(to.getParent());
        byte[] buffer = new byte[1 << 16];
        try (OutputStream out = Files.newOutputStream(to, StandardOpenOption.CREATE_NEW)) {
            for (int n = content.read(buffer); n >= 0; n = content.read(buffer)) {
                out.write(buffer, 0, n);
            }
        }
    }

    private static boolean same(Path with, TarReader content) throws IOException {
        if (!Files.isRegularFile(with)) {
            return false;
        }
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = new BufferedInputStream(Files.newInputStream(with), 1 << 16)) {
            for (int n = content.read(buffer); n >= 0; n = content.read(buffer)) {
                byte[] other = in.readNBytes(n);
                if (!Arrays.equals(buffer, 0, n, other, 0, other.length)) {
                    return false;
                }
            }
            return in.read() < 0;
        }
    }

    private Path aside() throws IOException {
        Path bad = file.resolveSibling(file.getFileName() + ".bad");
        Files.move(file, bad, StandardCopyOption.ATOMIC_MOVE);
        return bad;
    }

    private DataException failure(IOException e) {
        if (e instanceof FileSystemException) {
            return new DataException(
                    file + ": cannot be unpacked (" + e + "); check the folder's permissions and the disk", e);
        }
        String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return new DataException(
                file + ": expected a gzipped tar archive of plain files and folders, got: " + reason
                        + "; delete it and fetch it again",
                e);
    }

    private static void deleteQuietly(Path folder) {
        try {
            delete(folder);
        } catch (IOException e) {
            // The failure that led here matters more; the next fetch deletes it.
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes facts) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path done, @Nullable IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(done);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
