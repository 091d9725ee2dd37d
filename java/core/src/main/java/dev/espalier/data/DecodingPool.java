package dev.espalier.data;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Threads that decode a split in parallel; rows are written in order, and no more than a window of them is in memory. */
final class DecodingPool implements AutoCloseable {
    private static final long WINDOW_BYTES = 32 << 20;

    private final Decoding decoding;
    private final PictureFormat format;
    private final DataListener listener;
    private final ExecutorService threads;
    private final Queue<PictureDecoder> idle = new ConcurrentLinkedQueue<>();

    DecodingPool(Decoding decoding, PictureFormat format, DataListener listener) {
        this.decoding = decoding;
        this.format = format;
        this.listener = listener;
        this.threads = Executors.newFixedThreadPool(decoding.threads(), task -> {
            Thread thread = new Thread(task, "decode");
            thread.setDaemon(true);
            return thread;
        });
    }

    private record Pending(Original original, Future<Row> row) {}

    /**
     * Decodes all images of a split and writes those that decode.
     *
     * @return the images left out because they are corrupt
     */
    List<Skipped> decode(Originals originals, CacheWriter writer) throws IOException {
        int window = (int) Math.max(2L * decoding.threads(), Math.min(1024, WINDOW_BYTES / format.bytes()));
        ArrayDeque<Pending> pending = new ArrayDeque<>(window);
        List<Skipped> skipped = new ArrayList<>();
        boolean[] seen = new boolean[originals.classes().size()];
        boolean[] kept = new boolean[seen.length];
        try (Originals.Feed feed = originals.open()) {
            for (int submitted = 0, done = 0; done < originals.size(); done++) {
                while (submitted < originals.size() && pending.size() < window) {
                    Original original = feed.next();
                    pending.add(new Pending(original, threads.submit(() -> row(original))));
                    submitted++;
                }
                Pending next = pending.remove();
                seen[next.original.label()] = true;
                kept[next.original.label()] |= write(next, writer, skipped);
                listener.decoded(originals.split(), done + 1, originals.size());
            }
        }
        for (int label = 0; label < seen.length; label++) {
            if (seen[label] && !kept[label]) {
                throw new DataException(
                        "class '" + originals.classes().get(label) + "' of " + originals.split()
                                + ": expected at least one readable image, got only corrupt ones; replace them or remove the class");
            }
        }
        return skipped;
    }

    private boolean write(Pending next, CacheWriter writer, List<Skipped> skipped) throws IOException {
        Row row;
        try {
            row = next.row.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataException("decoding was interrupted at image " + next.original.name(), e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof CorruptImageException corrupt) {
                if (decoding.onCorrupt() == OnCorrupt.FAIL) {
                    throw corrupt.refusal(next.original.name());
                }
                Skipped image = new Skipped(next.original.name(), String.valueOf(corrupt.getMessage()));
                skipped.add(image);
                listener.skipped(image);
                return false;
            }
            if (e.getCause() instanceof DataException data) {
                throw data;
            }
            throw new DataException("image " + next.original.name() + ": decoding failed (" + e.getCause() + ")", e);
        }
        writer.add(next.original.name(), next.original.label(), row);
        return true;
    }

    private Row row(Original original) throws IOException {
        PictureDecoder taken = idle.poll();
        PictureDecoder decoder = taken == null ? new PictureDecoder() : taken;
        try {
            Picture picture = original.pixels().decode(decoder);
            return new Row(
                    format.fit(picture, original.name(), decoding.size() != null)
                            .bytes(),
                    format.channels());
        } finally {
            idle.add(decoder);
        }
    }

    /** Ends the threads; what they still decode is dropped. */
    @Override
    public void close() {
        threads.shutdownNow();
        try {
            if (threads.awaitTermination(60, TimeUnit.SECONDS)) {
                idle.forEach(PictureDecoder::close);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
