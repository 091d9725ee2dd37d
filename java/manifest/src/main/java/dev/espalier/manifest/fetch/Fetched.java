package dev.espalier.manifest.fetch;

import java.nio.file.Path;
import java.util.List;

/**
 * What a fetch has left on the disk.
 *
 * @param folder where all of it lies
 * @param items files and unpacked folders
 */
public record Fetched(Path folder, List<Item> items) {
    public Fetched {
        items = List.copyOf(items);
    }

    /** How an item came to be there. */
    public enum State {
        /** Transferred now, and checked. */
        FETCHED,
        /** Unpacked now. */
        UNPACKED,
        /** There already, and checked now. */
        PRESENT,
        /** A folder that was there already, whose archive is gone, so that nothing could be compared. */
        UNCHECKED
    }

    /**
     * One file or unpacked folder.
     *
     * @param bytes of the file, or of all files in the folder
     */
    public record Item(String name, State state, long bytes) {}
}
