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

/** Moves a tensor's elements, little-endian in C order, between memory and an open file. */
public final class TensorBytes {
    private TensorBytes() {}

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
