package dev.espalier.formats;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * An archive whose entries are read one at a time, none further than its declared size.
 *
 * <p>All entries that are read may together unpack to at most {@value #RATIO} times the archive's bytes and {@value #SLACK} more, so
 * that a small file cannot ask for a large memory.
 */
public final class ZipArchive implements AutoCloseable {
    /**
     * Keras and PyTorch compress nothing. Packed again, trained weights shrink by little, tenfold where 98 % of them are zero. More would
     * break the promise of 512 bytes for each of the archive's (docs/bad-input.md): each byte of JSON takes up to some 35.
     */
    private static final int RATIO = 12;

    private static final int SLACK = 1 << 19;
    private static final int MAX_ENTRIES = 100_000;

    private final Path file;
    private final ZipFile zip;
    private long left;

    private ZipArchive(Path file, ZipFile zip, long allowed) {
        this.file = file;
        this.zip = zip;
        this.left = allowed;
    }

    /** Opens {@code file}; {@code what} names the format that it should have. */
    public static ZipArchive open(Path file, String what) {
        try {
            long size = Files.size(file);
            ZipFile zip = new ZipFile(file.toFile());
            if (zip.size() > MAX_ENTRIES) {
                zip.close();
                throw FormatException.of(file, "has more than " + MAX_ENTRIES + " entries");
            }
            return new ZipArchive(file, zip, RATIO * size + SLACK);
        } catch (ZipException | IllegalArgumentException e) {
            throw new FormatException(file + ": not " + what + ": it is no whole zip archive", e);
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
    }

    /** Names of all entries. */
    public List<String> names() {
        return Collections.list(zip.entries()).stream().map(ZipEntry::getName).toList();
    }

    /** The whole content of an entry. */
    public byte[] read(String name) {
        return read(name, Long.MAX_VALUE);
    }

    /** As {@link #read(String)}, of an entry that may hold at most so many bytes. */
    public byte[] read(String name, long most) {
        int limit = (int) Math.min(Math.min(left, most), Integer.MAX_VALUE - 8);
        ZipEntry entry = zip.getEntry(name);
        if (entry == null) {
            throw FormatException.of(file, "the archive has no entry '" + name + "'");
        }
        if (entry.getSize() > limit) {
            throw FormatException.of(
                    file,
                    "entry '" + name + "' would unpack to " + entry.getSize() + " bytes; at most " + limit
                            + " are believed of an archive of this size: unpack it and pack it again without compression");
        }
        try (InputStream in = zip.getInputStream(entry)) {
            byte[] content = in.readNBytes(limit);
            if (in.read() >= 0) {
                throw FormatException.of(file, "entry '" + name + "' unpacks to more than " + limit + " bytes");
            }
            left -= content.length;
            return content;
        } catch (ZipException e) {
            throw new FormatException(file + ": entry '" + name + "' is damaged: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new FormatException(file + ": entry '" + name + "' cannot be unpacked: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            zip.close();
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
    }
}
