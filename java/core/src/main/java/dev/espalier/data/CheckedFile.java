package dev.espalier.data;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** A new file written from start to end whose checksum (CRC-32C, of what follows a head written last) is kept. */
final class CheckedFile implements Closeable {
    private final FileChannel channel;
    /** What was written last and is not in the file yet. */
    private final ByteBuffer pending = ByteBuffer.allocateDirect(1 << 16);

    private final CRC32C crc = new CRC32C();

    /**
     * Makes the file, which must not exist.
     *
     * @param head bytes left free at the start for {@link #finish}
     */
    CheckedFile(Path path, int head) throws IOException {
        channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        channel.position(head);
    }

    void write(ByteBuffer bytes) throws IOException {
        crc.update(bytes.duplicate());
        if (bytes.remaining() > pending.remaining()) {
            flush();
        }
        if (bytes.remaining() <= pending.remaining()) {
            pending.put(bytes);
        } else {
            put(bytes);
        }
    }

    private void flush() throws IOException {
        put(pending.flip());
        pending.clear();
    }

    private void put(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Writes the head and waits until the file is on the disk. */
    void finish(ByteBuffer head) throws IOException {
        flush();
        while (head.hasRemaining()) {
            channel.write(head, head.position());
        }
        channel.force(true);
    }

    long checksum() {
        return crc.getValue();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
