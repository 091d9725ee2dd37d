package dev.espalier.data;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes batches on a thread of its own, at most {@value #DEPTH} ahead of the taker. Batches waiting belong to this object;
 * a taken one belongs to the taker's scope.
 */
final class ReadAhead implements BatchSupply {
    private static final int DEPTH = 2;

    private final BatchSupply maker;
    private final int from;
    private final int end;
    private final BlockingQueue<Made> made = new ArrayBlockingQueue<>(DEPTH);
    private final Scope waiting = Scope.owner("batches read ahead");
    private final Thread thread = new Thread(this::make, "read-ahead");
    private volatile boolean closed;

    /** A batch, or why there is none. */
    private record Made(@Nullable Batch batch, @Nullable Throwable failure) {}

    ReadAhead(BatchSupply maker, int from, int end) {
        this.maker = maker;
        this.from = from;
        this.end = end;
        thread.setDaemon(true);
        thread.start();
    }

    private void make() {
        try {
            for (int batch = from; batch < end && !closed; batch++) {
                offer(new Made(makeWaiting(batch), null));
            }
        } catch (RuntimeException | Error e) {
            offer(new Made(null, e));
        }
    }

    private Batch makeWaiting(int batch) {
        try (Scope scope = Scope.open()) {
            Batch ready = maker.take(batch);
            ready.inputs().values().forEach(waiting::adopt);
            waiting.adopt(ready.labels());
            return ready;
        }
    }

    private void offer(Made item) {
        try {
            while (!closed && !made.offer(item, 20, TimeUnit.MILLISECONDS)) {}
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Made await(int index) {
        try {
            Made next = made.poll(20, TimeUnit.MILLISECONDS);
            while (next == null) {
                // Asked before the queue: what the thread made before it ended is then in the queue.
                boolean ended = !thread.isAlive();
                next = made.poll(20, TimeUnit.MILLISECONDS);
                if (next == null && ended) {
                    throw new IllegalStateException("batch " + index + ": reading ahead has ended");
                }
            }
            return next;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataException("interrupted while waiting for batch " + index, e);
        }
    }

    @Override
    public Batch take(int index) {
        Made next = await(index);
        Batch batch = next.batch;
        if (batch == null) {
            throw new DataException("batch " + index + ": reading ahead failed (" + next.failure + ")", next.failure);
        }
        try (Scope scope = Scope.open()) {
            batch.inputs().values().forEach(input -> scope.keep(scope.adopt(input)));
            Tensor labels = scope.adopt(batch.labels());
            scope.keep(labels);
        }
        return batch;
    }

    @Override
    public void close() {
        closed = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        waiting.close();
        maker.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
