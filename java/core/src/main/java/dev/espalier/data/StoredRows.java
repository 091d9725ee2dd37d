package dev.espalier.data;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Numbers of one type and shape for many rows, mapped from a file of a cache entry; safe for use by several threads. */
public final class StoredRows implements AutoCloseable {
    /** A Java buffer maps 2^31 - 1 bytes at most. */
    private static final long PIECE = 1L << 30;

    private static final Map<DType, String> DESCR = Map.of(DType.U8, "|u1", DType.I32, "<i4", DType.F32, "<f4");

    private final DType dtype;
    private final Shape shape;
    private final int size;
    private final int bytes;
    private final int rowsPerPiece;
    private final Residence residence = new Residence(this);
    private volatile ByteBuffer @Nullable [] pieces;

    /** @param piece the most bytes mapped at once, unless a row has more */
    StoredRows(EntryReader entry, String file, DType dtype, Shape shape, int size, long piece) throws IOException {
        this.dtype = dtype;
        this.shape = shape;
        this.size = size;
        this.bytes = bytes(dtype, shape);
        this.rowsPerPiece = (int) Math.max(1, piece / bytes);
        this.pieces = entry.map(file, npy(dtype, shape, size), (long) rowsPerPiece * bytes);
    }

    /** The rows in a file of an entry, which is verified. */
    static StoredRows open(EntryReader entry, String file, DType dtype, Shape shape, int size) throws IOException {
        return new StoredRows(entry, file, dtype, shape, size, PIECE);
    }

    /** The head of a file of rows. */
    static Npy npy(DType dtype, Shape shape, int size) {
        return Npy.of(Objects.requireNonNull(DESCR.get(dtype), "no rows are of this type"), extents(size, shape));
    }

    /** Bytes of a row. */
    static int bytes(DType dtype, Shape shape) {
        return Math.toIntExact(Math.multiplyExact(shape.numel(), (long) dtype.bytes()));
    }

    /** {@code [count, shape...]}. */
    static long[] extents(long count, Shape shape) {
        long[] extents = new long[shape.rank() + 1];
        extents[0] = count;
        System.arraycopy(shape.toArray(), 0, extents, 1, shape.rank());
        return extents;
    }

    DType dtype() {
        return dtype;
    }

    Shape shape() {
        return shape;
    }

    /** The number of rows. */
    public int size() {
        return size;
    }

    /** A row, little-endian. */
    public ByteBuffer row(int row) {
        Objects.checkIndex(row, size);
        return mapped()[row / rowsPerPiece]
                .slice(row % rowsPerPiece * bytes, bytes)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Consecutive rows as a tensor on the CPU that nobody may write to: at most {@link #wrappedRows} of them. */
    Tensor wrap(int from, int count) {
        return Tensor.wrap(mapped()[from / rowsPerPiece].slice(), dtype, extents(count, shape));
    }

    /** How many rows lie in one piece from a row that is the first of a piece. */
    int wrappedRows(int from) {
        return Math.min(rowsPerPiece, size - from);
    }

    private ByteBuffer[] mapped() {
        ByteBuffer[] open = pieces;
        if (open == null) {
            throw new IllegalStateException("the data set is closed");
        }
        return open;
    }

    /** What brings rows to a device, from a copy there if all rows find room on it; for one thread at a time. */
    public RowGather gather(Device device) {
        return residence
                .gather(device)
                .orElseGet(() -> new StagedRows(dtype, shape, (row, to) -> to.put(row(row)), device));
    }

    /** Copies all rows to a device, from where they are then gathered, whether there is much room or little. */
    public void reside(Device device) {
        residence.copyTo(device);
    }

    /** Frees copies on devices; the mapping itself goes when the last reader has let go of it. Idempotent. */
    @Override
    public void close() {
        pieces = null;
        residence.close();
    }
}
