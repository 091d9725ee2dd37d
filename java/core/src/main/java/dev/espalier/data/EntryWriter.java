package dev.espalier.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes the files of a cache entry; what it says about itself, with the checksums of the others, comes last. */
final class EntryWriter implements AutoCloseable {
    private final Path folder;
    private final Map<String, CheckedFile> files = new LinkedHashMap<>();

    EntryWriter(Path folder) {
        this.folder = folder;
    }

    /**
     * Begins a file.
     *
     * @param head bytes left free at its start
     */
    CheckedFile create(String name, int head) throws IOException {
        CheckedFile file = new CheckedFile(folder.resolve(name), head);
        files.put(name, file);
        return file;
    }

    /** Completes the entry after all files but this one are finished; everything is on the disk when it returns. */
    void finish(CacheFacts facts) throws IOException {
        files.forEach((name, file) -> facts.put(name, file.checksum()));
        CheckedFile about = create(CacheFacts.FILE, 0);
        about.write(ByteBuffer.wrap(facts.encode()));
        about.finish(ByteBuffer.allocate(0));
    }

    @Override
    public void close() throws IOException {
        for (CheckedFile file : files.values()) {
            file.close();
        }
    }
}
