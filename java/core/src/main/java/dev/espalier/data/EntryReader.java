package dev.espalier.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** Opens the files of a cache entry, each of which must be as long as it should be and have its checksum. */
final class EntryReader {
    private final Path folder;
    private final CacheFacts facts;

    /** @throws IOException if the entry is not of this version */
    EntryReader(Path folder, int version) throws IOException {
        this.folder = folder;
        this.facts = CacheFacts.read(folder);
        if (facts.number("version") != version) {
            throw new IOException("it is of version " + facts.number("version"));
        }
    }

    CacheFacts facts() {
        return facts;
    }

    /** The data of a file, at most 2^31 - 1 bytes. */
    ByteBuffer map(String name, Npy npy) throws IOException {
        return map(name, npy, Integer.MAX_VALUE)[0];
    }

    /** The data of a file in pieces of so many bytes, little-endian. */
    ByteBuffer[] map(String name, Npy npy, long piece) throws IOException {
        try (FileChannel file = FileChannel.open(folder.resolve(name), StandardOpenOption.READ)) {
            npy.require(file);
            long bytes = npy.bytes();
            ByteBuffer[] mapped = new ByteBuffer[(int) Math.max(1, (bytes + piece - 1) / piece)];
            CRC32C crc = new CRC32C();
            for (int i = 0; i < mapped.length; i++) {
                long start = i * piece;
                MappedByteBuffer buffer =
                        file.map(FileChannel.MapMode.READ_ONLY, Npy.DATA + start, Math.min(piece, bytes - start));
                crc.update(buffer.duplicate());
                mapped[i] = buffer.order(ByteOrder.LITTLE_ENDIAN);
            }
            requireChecksum(name, crc);
            return mapped;
        } catch (IOException e) {
            throw new IOException(name + ": " + e.getMessage(), e);
        }
    }

    byte[] bytes(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve(name));
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        requireChecksum(name, crc);
        return bytes;
    }

    private void requireChecksum(String name, CRC32C crc) throws IOException {
        if (crc.getValue() != facts.number(name)) {
            throw new IOException("its checksum is wrong");
        }
    }
}
