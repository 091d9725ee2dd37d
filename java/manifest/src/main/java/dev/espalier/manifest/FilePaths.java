package dev.espalier.manifest;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Paths of pictures and sounds as they stand in cells. */
public final class FilePaths {
    static final List<String> IMAGES = List.of(".jpg", ".jpeg", ".png");
    static final List<String> SOUNDS = List.of(".wav", ".flac");

    private FilePaths() {}

    /**
     * The file that {@code cell} means.
     *
     * @throws InvalidPathException if it is no path, or a relative one that leaves {@code root}
     */
    public static Path resolve(Path root, String cell) {
        Path path = Path.of(cell);
        if (path.isAbsolute()) {
            return path.normalize();
        }
        Path base = root.toAbsolutePath().normalize();
        Path file = base.resolve(path).normalize();
        if (!file.startsWith(base)) {
            throw new InvalidPathException(cell, "leaves the root");
        }
        return file;
    }

    /** Why no file can be read for {@code cell}; empty if there is one. */
    static Optional<String> fault(Path root, String cell) {
        try {
            return Files.isRegularFile(resolve(root, cell))
                    ? Optional.empty()
                    : Optional.of("file " + cell + " does not exist");
        } catch (InvalidPathException e) {
            return Optional.of("file " + cell + ": " + e.getReason());
        }
    }
}
