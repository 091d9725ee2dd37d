package dev.espalier.manifest.encode;

import java.nio.ByteBuffer;

/** Numbers of one length for many rows, kept outside the Java heap; threads may write different rows at once. */
final class StoredRows {
    /** A Java buffer holds 2^31 - 1 bytes at most. */
    private static final long PIECE = 1L << 28;

    private final int bytes;
    private final int rowsPerPiece;
    private final ByteBuffer[] pieces;

    /** @param bytes of a row */
    StoredRows(int count, int bytes) {
        this.bytes = bytes;
        this.rowsPerPiece = (int) Math.max(1, PIECE / bytes);
        this.pieces = new ByteBuffer[(count + rowsPerPiece - 1) / rowsPerPiece];
        for (int i = 0; i < pieces.length; i++) {
            int rows = Math.min(rowsPerPiece, count - i * rowsPerPiece);
            pieces[i] = ByteBuffer.allocateDirect(rows * bytes);
        }
    }

    /** The memory of a row. */
    ByteBuffer row(int row) {
        return pieces[row / rowsPerPiece].slice(row % rowsPerPiece * bytes, bytes);
    }
}
