package dev.espalier.data;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.nio.ByteBuffer;

/** Gathers rows in one staging buffer and moves them to the device; on the CPU what is given out shares the buffer. */
final class StagedRows implements RowGather {
    private final DType dtype;
    private final Shape shape;
    private final Reader reader;
    private final Device device;
    private final byte[] zeros;
    private ByteBuffer staging = ByteBuffer.allocateDirect(0);

    /** Puts a row's bytes, little-endian, at the buffer's position and moves it on. */
    @FunctionalInterface
    interface Reader {
        void read(int row, ByteBuffer to);
    }

    /** @param shape of a row */
    StagedRows(DType dtype, Shape shape, Reader reader, Device device) {
        this.dtype = dtype;
        this.shape = shape;
        this.reader = reader;
        this.device = device;
        this.zeros = new byte[Math.toIntExact(shape.numel() * dtype.bytes())];
    }

    @Override
    public Tensor take(int[] rows) {
        int bytes = Math.multiplyExact(rows.length, zeros.length);
        if (staging.capacity() < bytes) {
            staging = ByteBuffer.allocateDirect(bytes);
        }
        staging.clear();
        for (int row : rows) {
            if (row < 0) {
                staging.put(zeros);
            } else {
                reader.read(row, staging);
            }
        }
        return Tensor.wrap(staging.flip(), dtype, StoredRows.extents(rows.length, shape))
                .to(device);
    }
}
