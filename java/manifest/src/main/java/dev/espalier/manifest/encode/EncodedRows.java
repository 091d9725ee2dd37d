package dev.espalier.manifest.encode;

import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.table.OneLine;
import dev.espalier.manifest.table.Table;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One modality of some rows of a manifest, encoded; equal files are kept once. */
final class EncodedRows {
    /** The slot of a row that lacks the modality. */
    static final int MISSING = -1;

    private final Encoder encoder;
    private final StoredRows stored;
    private final int[] slots;
    private final List<List<@Nullable String>> distinct;
    private final @Nullable String[] faults;
    private final boolean[] lacking;

    private EncodedRows(Encoder encoder, Manifest manifest, List<Table.Row> rows) {
        this.encoder = encoder;
        this.slots = new int[rows.size()];
        this.distinct = new ArrayList<>();
        int[] columns =
                encoder.columns().stream().mapToInt(manifest.table()::indexOf).toArray();
        Map<List<@Nullable String>, Integer> known = new HashMap<>();
        for (int row = 0; row < slots.length; row++) {
            List<@Nullable String> cells = new ArrayList<>(columns.length);
            for (int column : columns) {
                cells.add(rows.get(row).cell(column));
            }
            Integer before = encoder.shares() ? known.putIfAbsent(cells, distinct.size()) : null;
            slots[row] = before == null ? distinct.size() : before;
            if (before == null) {
                distinct.add(Collections.unmodifiableList(cells));
            }
        }
        this.stored = new StoredRows(distinct.size(), encoder.bytes());
        this.faults = new String[distinct.size()];
        this.lacking = new boolean[distinct.size()];
    }

    /** Encodes rows on some threads, telling the listener how it goes. */
    static EncodedRows of(
            Encoder encoder, Manifest manifest, List<Table.Row> rows, String split, DataListener listener) {
        EncodedRows encoded = new EncodedRows(encoder, manifest, rows);
        encoded.encode(manifest, split + " " + encoder.modality(), listener);
        return encoded;
    }

    private void encode(Manifest manifest, String what, DataListener listener) {
        int threads = encoder.shares() ? Math.min(4, Runtime.getRuntime().availableProcessors()) : 1;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        AtomicInteger next = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                workers.add(pool.submit(() -> work(manifest, next, done)));
            }
            for (Future<?> worker : workers) {
                await(worker, () -> listener.decoded(what, done.get(), distinct.size()));
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private void work(Manifest manifest, AtomicInteger next, AtomicInteger done) {
        try (CellReader reader = new CellReader(manifest.root())) {
            for (int slot = next.getAndIncrement(); slot < distinct.size(); slot = next.getAndIncrement()) {
                try {
                    ByteBuffer row = stored.row(slot).order(ByteOrder.nativeOrder());
                    lacking[slot] = !encoder.encode(distinct.get(slot), reader, row);
                } catch (IOException e) {
                    faults[slot] = encoder.modality() + ": " + OneLine.of(String.valueOf(e.getMessage()));
                }
                done.incrementAndGet();
            }
        }
    }

    private static void await(Future<?> worker, Runnable meanwhile) {
        while (true) {
            try {
                worker.get(100, TimeUnit.MILLISECONDS);
                meanwhile.run();
                return;
            } catch (TimeoutException e) {
                meanwhile.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DataException("interrupted while samples were encoded", e);
            } catch (ExecutionException e) {
                throw new DataException("samples cannot be encoded (" + e.getCause() + ")", e.getCause());
            }
        }
    }

    Encoder encoder() {
        return encoder;
    }

    StoredRows stored() {
        return stored;
    }

    /** Why a row cannot be used; null if it can. */
    @Nullable
    String fault(int row) {
        return faults[slots[row]];
    }

    /** Where the numbers of a row are, or {@link #MISSING}. */
    int slot(int row) {
        return lacking[slots[row]] ? MISSING : slots[row];
    }
}
