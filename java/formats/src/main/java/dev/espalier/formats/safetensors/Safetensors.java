package dev.espalier.formats.safetensors;

import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.StorageException;
import dev.espalier.formats.TensorBytes;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Reads and writes safetensors files: header length (8 bytes, little-endian), JSON header, data.
 *
 * <p>Format: the safetensors README, "Format" section. The header is checked as strictly as the reference reader does.
 */
public final class Safetensors {
    private static final int LENGTH_BYTES = 8;
    private static final long MAX_HEADER = 100_000_000;

    /** Linux gives a process 65,530 mappings; a file with more tensors than this is copied. */
    private static final int MAX_MAPPINGS = 8192;

    private Safetensors() {}

    /**
     * The file's tensors on the CPU, owned by the open scope.
     *
     * <p>Data of a writable file is mapped copy-on-write: pages are read when touched, and writing to such a tensor never
     * reaches the file. (Java refuses such a mapping of a file opened for reading alone; that is copied.)
     */
    public static TensorFile read(Path file) {
        boolean mappable = Files.isWritable(file);
        try (FileChannel channel = mappable
                ? FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : FileChannel.open(file, StandardOpenOption.READ)) {
            Header header = readHeader(channel, file);
            boolean mapped = mappable && header.entries().size() <= MAX_MAPPINGS;
            long data = channel.size() - header.dataLength();
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (TensorEntry entry : header.entries()) {
                tensors.put(entry.name(), load(channel, data + entry.begin(), entry, mapped));
            }
            return new TensorFile(tensors, header.metadata());
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
    }

    /** The table of {@code file} without its data. */
    public static List<TensorEntry> entries(Path file) {
        return header(file).entries();
    }

    /** The free-form text entries of {@code file}. */
    public static Map<String, String> metadata(Path file) {
        return header(file).metadata();
    }

    /** Writes the tensors, from whatever device they are on, as one file. */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
        List<TensorEntry> unplaced = tensors.entrySet().stream()
                .map(e -> new TensorEntry(
                        e.getKey(), e.getValue().dtype(), e.getValue().shape(), 0, TensorBytes.length(e.getValue())))
                .toList();
        Header header = Header.layout(unplaced, metadata);
        byte[] json = header.encode();
        ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        length.putLong(json.length).flip();
        AtomicFile.write(file, channel -> {
            AtomicFile.writeFully(channel, length);
            AtomicFile.writeFully(channel, ByteBuffer.wrap(json));
            for (TensorEntry entry : header.entries()) {
                TensorBytes.write(channel, Objects.requireNonNull(tensors.get(entry.name())));
            }
        });
    }

    private static Header header(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return readHeader(channel, file);
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
    }

    private static Header readHeader(FileChannel channel, Path file) throws IOException {
        long size = channel.size();
        if (size < LENGTH_BYTES) {
            throw FormatException.of(file, "not a safetensors file: it has " + size + " bytes, at least 8 are needed");
        }
        ByteBuffer prefix = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, prefix, 0);
        long length = prefix.getLong(0);
        if (length < 0 || length > MAX_HEADER) {
            throw FormatException.of(
                    file, "not a safetensors file: the header claims " + Long.toUnsignedString(length) + " bytes");
        }
        if (length > size - LENGTH_BYTES) {
            throw FormatException.of(
                    file, "truncated: the header needs " + length + " bytes, got " + (size - LENGTH_BYTES));
        }
        ByteBuffer json = ByteBuffer.allocate((int) length);
        readFully(channel, json, LENGTH_BYTES);
        try {
            Header header = Header.parse(json.array());
            checkDataLength(header.dataLength(), size - LENGTH_BYTES - length);
            return header;
        } catch (IllegalArgumentException e) {
            throw new FormatException(file + ": " + e.getMessage(), e);
        }
    }

    private static void checkDataLength(long expected, long got) {
        if (got != expected) {
            throw new IllegalArgumentException((got < expected ? "truncated: " : "") + "the header describes "
                    + expected + " bytes of data, got " + got);
        }
    }

    private static void readFully(FileChannel channel, ByteBuffer into, long position) throws IOException {
        long at = position;
        while (into.hasRemaining()) {
            int count = channel.read(into, at);
            if (count < 0) {
                throw new IOException("the file ended at byte " + at);
            }
            at += count;
        }
    }

    private static Tensor load(FileChannel channel, long position, TensorEntry entry, boolean mappable)
            throws IOException {
        long[] shape = entry.shape().toArray();
        if (mappable && entry.length() > 0 && position % entry.dtype().bytes() == 0) {
            ByteBuffer mapped = channel.map(FileChannel.MapMode.PRIVATE, position, entry.length());
            return Tensor.wrap(mapped.order(ByteOrder.LITTLE_ENDIAN), entry.dtype(), shape);
        }
        Tensor copy = Tensor.empty(entry.dtype(), Device.CPU, shape);
        channel.position(position);
        TensorBytes.read(channel, copy);
        return copy;
    }
}
