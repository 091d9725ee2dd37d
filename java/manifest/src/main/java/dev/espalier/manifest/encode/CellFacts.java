package dev.espalier.manifest.encode;

import dev.espalier.manifest.FilePaths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells all that decides what cells hold, for the key of a cache: of files also paths, lengths and times of change. */
final class CellFacts {
    private final Path root;
    private final boolean files;
    private final Consumer<String> facts;

    /**
     * Tells of the root, if cells are names of files.
     *
     * @param root folder that relative paths start from
     */
    CellFacts(Path root, boolean files, Consumer<String> facts) throws IOException {
        this.root = root;
        this.files = files;
        this.facts = facts;
        if (files) {
            facts.accept(root.toRealPath().toString());
        }
    }

    void tell(List<@Nullable String> cells) throws IOException {
        for (String cell : cells) {
            // With its length, so that no two tables are told alike.
            facts.accept(cell == null ? "" : cell.length() + " " + cell);
            if (cell != null && files) {
                facts.accept(file(cell));
            }
        }
    }

    private String file(String cell) throws IOException {
        try {
            BasicFileAttributes file = Files.readAttributes(FilePaths.resolve(root, cell), BasicFileAttributes.class);
            return file.size() + "\t" + file.lastModifiedTime().toMillis();
        } catch (NoSuchFileException e) {
            return "gone";
        }
    }
}
