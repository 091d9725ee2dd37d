package dev.espalier.data;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** A walk through the batches of one epoch; close it also when it was not walked to the end. */
public final class Cursor implements Iterator<Batch>, AutoCloseable {
    private final BatchSupply supply;
    private final int end;
    private int next;
    private boolean closed;

    Cursor(BatchSupply supply, int fromBatch, int end) {
        this.supply = supply;
        this.next = fromBatch;
        this.end = end;
    }

    /** The index in its epoch of the batch that {@link #next()} will give. */
    public int position() {
        return next;
    }

    @Override
    public boolean hasNext() {
        return !closed && next < end;
    }

    /** The next batch; its tensors belong to the scope that is open on the calling thread. */
    @Override
    public Batch next() {
        if (!hasNext()) {
            throw new NoSuchElementException(closed ? "the cursor is closed" : "the epoch has " + end + " batches");
        }
        return supply.take(next++);
    }

    /** Ends reading ahead and frees what was read and not taken; idempotent. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            supply.close();
        }
    }
}
