package dev.espalier.formats.npy;

import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.StorageException;
import dev.espalier.formats.TensorBytes;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** Reads and writes one tensor as a NumPy array file. */
public final class Npy {
    private static final int MAX_HEADER = 1 << 20;

    private Npy() {}

    /** The array in {@code file} as a CPU tensor of the open scope, in C order whatever the file's order is. */
    public static Tensor read(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            NpyHeader header = readHeader(channel, file);
            checkLength(channel, header, file);
            return readData(channel, header);
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
    }

    /** Writes {@code tensor} as a version 1 file in C order. */
    public static void write(Path file, Tensor tensor) {
        byte[] head = encodeHeader(file, tensor);
        AtomicFile.write(file, channel -> {
            AtomicFile.writeFully(channel, ByteBuffer.wrap(head));
            TensorBytes.write(channel, tensor);
        });
    }

    private static byte[] encodeHeader(Path file, Tensor tensor) {
        try {
            return new NpyHeader(tensor.dtype(), false, tensor.shape()).encode();
        } catch (IllegalArgumentException e) {
            throw new FormatException(file + ": " + e.getMessage(), e);
        }
    }

    private static NpyHeader readHeader(FileChannel channel, Path file) throws IOException {
        ByteBuffer prefix = ByteBuffer.wrap(readExactly(channel, file, NpyHeader.MAGIC.length + 2));
        byte[] magic = new byte[NpyHeader.MAGIC.length];
        prefix.get(magic);
        if (!Arrays.equals(magic, NpyHeader.MAGIC)) {
            throw FormatException.of(file, "not an npy file: it does not begin with \\x93NUMPY");
        }
        int major = prefix.get();
        if (major < 1 || major > 3) {
            throw FormatException.of(file, "npy version " + major + " is not known; 1, 2 and 3 are");
        }
        int lengthBytes = major == 1 ? 2 : 4;
        ByteBuffer lengthField =
                ByteBuffer.wrap(readExactly(channel, file, lengthBytes)).order(ByteOrder.LITTLE_ENDIAN);
        long length = major == 1
                ? Short.toUnsignedLong(lengthField.getShort())
                : Integer.toUnsignedLong(lengthField.getInt());
        if (length > MAX_HEADER) {
            throw FormatException.of(file, "the header claims " + length + " bytes, more than " + MAX_HEADER);
        }
        String text = new String(readExactly(channel, file, (int) length), StandardCharsets.UTF_8);
        try {
            return NpyHeader.parse(text);
        } catch (IllegalArgumentException e) {
            throw new FormatException(file + ": " + e.getMessage(), e);
        }
    }

    private static byte[] readExactly(FileChannel channel, Path file, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw FormatException.of(
                        file, "truncated: the header needs " + count + " more bytes, got " + buffer.position());
            }
        }
        return buffer.array();
    }

    private static void checkLength(FileChannel channel, NpyHeader header, Path file) throws IOException {
        long expected;
        try {
            expected = TensorBytes.declared(header.dtype(), header.shape().toArray());
        } catch (IllegalArgumentException e) {
            throw new FormatException(file + ": the array " + e.getMessage(), e);
        }
        long got = channel.size() - channel.position();
        if (got != expected) {
            throw FormatException.of(
                    file,
                    (got < expected ? "truncated: " : "") + "shape " + header.shape() + " of " + header.dtype()
                            + " needs " + expected + " bytes of data, got " + got);
        }
    }

    private static Tensor readData(FileChannel channel, NpyHeader header) throws IOException {
        if (!header.fortranOrder()) {
            return readInto(
                    channel,
                    Tensor.empty(header.dtype(), Device.CPU, header.shape().toArray()));
        }
        int rank = header.shape().rank();
        long[] reversed = new long[rank];
        int[] back = new int[rank];
        for (int i = 0; i < rank; i++) {
            reversed[i] = header.shape().dim(rank - 1 - i);
            back[i] = rank - 1 - i;
        }
        Tensor stored = readInto(
                channel,
                Tensor.empty(header.dtype(), Device.CPU, Shape.of(reversed).toArray()));
        return stored.permute(back).contiguous();
    }

    private static Tensor readInto(FileChannel channel, Tensor tensor) throws IOException {
        TensorBytes.read(channel, tensor);
        return tensor;
    }
}
