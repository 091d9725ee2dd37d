package dev.espalier.manifest.table;

import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Skipped;
import java.util.List;
import java.util.Objects;

/**
 * How a table file is read.
 *
 * @param header names of the columns of a file without a header line; empty if the first line names them
 * @param onCorrupt what happens to a row that cannot be used
 * @param cellLimit longest cell in characters; a row may have four times as many bytes
 * @param listener is told of rows that are left out
 */
public record TableOptions(List<String> header, OnCorrupt onCorrupt, int cellLimit, DataListener listener) {
    /** Rows longer than this are never buffered, whatever the limit of a cell: 1 GiB. */
    private static final int LONGEST_ROW = 1 << 30;

    public TableOptions {
        header = List.copyOf(header);
        Objects.requireNonNull(onCorrupt, "onCorrupt");
        Objects.requireNonNull(listener, "listener");
        if (cellLimit < 1 || cellLimit > LONGEST_ROW / 4) {
            throw new DataException("cell limit: expected 1 to " + LONGEST_ROW / 4 + " characters, got " + cellLimit);
        }
    }

    /** A header line, bad rows left out and logged, cells of at most 2^20 characters. */
    public static TableOptions defaults() {
        return new TableOptions(List.of(), OnCorrupt.SKIP, 1 << 20, DataListener.logging());
    }

    public TableOptions withHeader(List<String> names) {
        return new TableOptions(names, onCorrupt, cellLimit, listener);
    }

    public TableOptions withOnCorrupt(OnCorrupt policy) {
        return new TableOptions(header, policy, cellLimit, listener);
    }

    public TableOptions withCellLimit(int characters) {
        return new TableOptions(header, onCorrupt, characters, listener);
    }

    public TableOptions withListener(DataListener other) {
        return new TableOptions(header, onCorrupt, cellLimit, other);
    }

    /** Longest row in bytes. */
    int rowLimit() {
        return 4 * cellLimit;
    }

    /**
     * Leaves a row out, or refuses the file because of it.
     *
     * @param place where the row is
     * @param reason what is wrong with it; made one bounded line
     */
    public void reject(String place, String reason) {
        String line = OneLine.of(reason);
        if (onCorrupt == OnCorrupt.FAIL) {
            throw new DataException(
                    place + ": " + line + "; mend the row, or leave bad rows out with on-corrupt: skip");
        }
        listener.skipped(new Skipped(place, line));
    }
}
