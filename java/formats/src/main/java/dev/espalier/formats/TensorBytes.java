package dev.espalier.formats;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/** Moves a tensor's elements, little-endian in C order, between memory and an open file. */
public final class TensorBytes {
    /** The most axes that a tensor can have: libtorch's own limit. */
    public static final int MAX_RANK = 64;

    private TensorBytes() {}

    /**
     * Bytes that a tensor of these declared sizes needs, computed before any of them is believed.
     *
     * @throws IllegalArgumentException whose message is the problem alone
     */
    public static long declared(DType dtype, long... dims) {
        if (dims.length > MAX_RANK) {
            throw new IllegalArgumentException("has " + dims.length + " dimensions, expected at most " + MAX_RANK);
        }
        long elements = 1;
        try {
            for (long dim : dims) {
                if (dim < 0) {
                    throw new IllegalArgumentException("has the negative dimension " + dim);
                }
                elements = Math.multiplyExact(elements, Math.max(dim, 1));
            }
            long bytes = Math.multiplyExact(elements, dtype.bytes());
            return Arrays.stream(dims).anyMatch(dim -> dim == 0) ? 0 : bytes;
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "of " + dtype + " " + Arrays.toString(dims) + " needs more than 2^63 bytes, which is too large", e);
        }
    }

    /** Bytes of the elements; throws ArithmeticException if that overflows. */
    public static long length(DType dtype, Shape shape) {
        long bytes = dtype.bytes();
        for (long dim : shape.toArray()) {
            bytes = Math.multiplyExact(bytes, dim);
        }
        return bytes;
    }

    /** Bytes of the tensor's elements. */
    public static long length(Tensor tensor) {
        return length(tensor.dtype(), tensor.shape());
    }

    /** Writes all elements of a tensor on any device. */
    public static void write(FileChannel channel, Tensor tensor) throws IOException {
        if (tensor.numel() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor plain = tensor.detach().to(Device.CPU).contiguous();
            AtomicFile.writeFully(channel, plain.byteBuffer());
        }
    }

    /** Fills a contiguous CPU tensor from the channel's position. */
    public static void read(FileChannel channel, Tensor into) throws IOException {
        if (into.numel() == 0) {
            return;
        }
        ByteBuffer buffer = into.byteBuffer();
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("the file ended " + buffer.remaining() + " bytes early");
            }
        }
    }
}
