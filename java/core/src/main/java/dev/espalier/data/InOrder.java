package dev.espalier.data;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Threads, each with a tool of its own, that make items in parallel; the items are handed on in order, and no more than a window of them is in memory.
 *
 * @param <W> the tool, which one thread at a time may use
 */
final class InOrder<W> implements AutoCloseable {
    private static final long WINDOW_BYTES = 32 << 20;

    private final int window;
    private final Supplier<W> tools;
    private final Consumer<W> end;
    private final ExecutorService threads;
    private final Queue<W> idle = new ConcurrentLinkedQueue<>();

    /** Work on one item; what it throws ends all work. */
    interface Task<W, T> {
        T run(W tool) throws IOException;
    }

    /** Gives out the work on an item; called in order by the thread that runs all. */
    interface Feed<W, T> {
        Task<W, T> next(int index) throws IOException;
    }

    /** Takes an item; called in order by the thread that runs all. */
    interface Taker<T> {
        void take(int index, T item) throws IOException;
    }

    /**
     * Starts the threads.
     *
     * @param bytes of an item
     * @param tools makes a tool
     * @param end lets go of one
     */
    InOrder(int count, long bytes, Supplier<W> tools, Consumer<W> end) {
        this.window = (int) Math.max(2L * count, Math.min(1024, WINDOW_BYTES / Math.max(1, bytes)));
        this.tools = tools;
        this.end = end;
        this.threads = Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "decode");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Makes and hands on so many items. */
    <T> void run(int count, Feed<W, T> feed, Taker<T> taker) throws IOException {
        ArrayDeque<Future<T>> pending = new ArrayDeque<>(window);
        for (int submitted = 0, done = 0; done < count; done++) {
            while (submitted < count && pending.size() < window) {
                Task<W, T> task = feed.next(submitted++);
                pending.add(threads.submit(() -> withTool(task)));
            }
            taker.take(done, await(pending.remove()));
        }
    }

    private static <T> T await(Future<T> item) {
        try {
            return item.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataException("decoding was interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof DataException data) {
                throw data;
            }
            throw new DataException("decoding failed (" + e.getCause() + ")", e.getCause());
        }
    }

    private <T> T withTool(Task<W, T> task) throws IOException {
        W taken = idle.poll();
        W tool = taken == null ? tools.get() : taken;
        try {
            return task.run(tool);
        } finally {
            idle.add(tool);
        }
    }

    /** Ends the threads; what they still make is dropped. */
    @Override
    public void close() {
        threads.shutdownNow();
        try {
            if (threads.awaitTermination(60, TimeUnit.SECONDS)) {
                idle.forEach(end);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
