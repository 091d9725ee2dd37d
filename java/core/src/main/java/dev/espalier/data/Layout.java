package dev.espalier.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A known way to lay a data set out in a folder. */
@FunctionalInterface
interface Layout {
    /** The layouts, most specific first. */
    List<Layout> ALL = List.of(CifarOriginals::find, IdxOriginals::find, FolderOriginals::find);

    /** The splits in the folder, or nothing if it has another layout. */
    Optional<Splits> find(Path root) throws IOException;

    /**
     * The splits in the folder, by the first layout that fits.
     *
     * @throws DataException if none does
     */
    static Splits of(Path root) {
        if (!Files.isDirectory(root)) {
            throw new DataException(
                    "data folder " + root + ": expected a folder, got " + (Files.exists(root) ? "a file" : "nothing")
                            + "; give the folder that holds train/<class>/, CIFAR .bin files or MNIST idx files");
        }
        try {
            for (Layout layout : ALL) {
                Optional<Splits> splits = layout.find(root);
                if (splits.isPresent()) {
                    return splits.get();
                }
            }
        } catch (IOException e) {
            throw unreadable(root, e);
        }
        throw new DataException("data folder " + root
                + ": expected train/<class>/ with images, CIFAR .bin files or MNIST idx files, got none of them");
    }

    /** The failure to read what lies in a data folder. */
    static DataException unreadable(Path root, IOException cause) {
        return new DataException(
                "data folder " + root + ": cannot be read (" + cause + "); check its permissions and the disk", cause);
    }

    /** What a data folder holds. */
    record Splits(Originals train, Optional<Originals> validation, Optional<Originals> test) {}
}
