package dev.espalier.manifest.fetch;

import dev.espalier.data.DataException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A file that grows beside its target until it is whole: {@code NAME.part}, with the server's validator in {@code
 * NAME.part.tag} so that a later process can go on with it. One process at a time holds it.
 */
final class PartFile implements Closeable {
    private final Path target;
    private final Path part;
    private final Path tag;
    private final FileChannel channel;

    PartFile(Path target) {
        this.target = target;
        this.part = target.resolveSibling(target.getFileName() + ".part");
        this.tag = target.resolveSibling(target.getFileName() + ".part.tag");
        try {
            this.channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!locked()) {
                channel.close();
                throw new DataException(part + ": another process is fetching it; wait until it is done");
            }
            channel.position(channel.size());
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private boolean locked() throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    long size() {
        try {
            return channel.size();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** The version of the file that this is a part of; empty if the server named none. */
    Optional<String> validator() {
        try {
            return Files.exists(tag) ? Optional.of(Files.readString(tag).strip()) : Optional.empty();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Empties the part; what follows is of this version. */
    void restart(Optional<String> validator) {
        try {
            channel.truncate(0);
            Files.deleteIfExists(tag);
            if (validator.isPresent()) {
                Files.writeString(tag, validator.get() + "\n");
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    void append(byte[] bytes, int count) {
        ByteBuffer rest = ByteBuffer.wrap(bytes, 0, count);
        try {
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    Sha256 sha256() {
        try {
            channel.force(true);
            return Sha256.of(part);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Gives the whole file its name. */
    void finish() {
        try {
            channel.force(true);
            if (Files.exists(target)) {
                throw new DataException(target + ": appeared while it was being fetched; it is left as it is");
            }
            move(target);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Puts aside what is not the file that it should be, and says where. */
    Path spoil() {
        Path bad = target.resolveSibling(target.getFileName() + ".bad");
        try {
            move(bad);
        } catch (IOException e) {
            throw failure(e);
        }
        return bad;
    }

    private void move(Path to) throws IOException {
        Files.move(part, to, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(tag);
    }

    private DataException failure(IOException e) {
        return new DataException(
                part + ": cannot be written (" + e + "); check the folder's permissions and the disk", e);
    }

    /** Lets go of the part, which stays unless it became something else. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failure(e);
        }
    }
}
