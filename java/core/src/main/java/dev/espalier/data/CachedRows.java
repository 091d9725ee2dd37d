package dev.espalier.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows that were made once and lie in a cache folder.
 *
 * <ul>
 *   <li>{@code rows.npy}: the numbers [n, shape of a row]; zeros where there are none
 *   <li>{@code states.npy}: bytes [n]: 0 for a row that is there, 1 for one that is lacking, 2 for one that cannot be used
 *   <li>{@code about.properties}: why rows cannot be used, in their order; checksums; written last
 * </ul>
 */
public final class CachedRows {
    private static final String ROWS = "rows.npy";
    private static final String STATES = "states.npy";
    private static final String FAULTS = "fault";
    private static final String FINGERPRINT = "fingerprint";
    /** Raised whenever the layout of the entry changes. */
    private static final int VERSION = 1;

    private static final byte LACKING = 1;
    private static final byte FAULTY = 2;

    private final StoredRows stored;
    private final byte[] states;
    private final @Nullable String[] faults;
    private final String fingerprint;

    private CachedRows(Path place, RowMaker maker) throws IOException {
        EntryReader entry = new EntryReader(place, VERSION);
        stored = StoredRows.open(entry, ROWS, maker.dtype(), maker.shape(), maker.size());
        states = new byte[maker.size()];
        entry.map(STATES, Npy.of("|u1", states.length)).get(states);
        fingerprint = entry.facts().text(FINGERPRINT);
        List<String> reasons = entry.facts().list(FAULTS);
        faults = new String[states.length];
        int next = 0;
        for (int row = 0; row < states.length; row++) {
            if (states[row] == FAULTY) {
                faults[row] = reasons.get(next++);
            }
        }
    }

    /**
     * The rows, from the cache or made now, when the listener hears of each.
     *
     * @param folder of the cache; made if it is not there
     * @throws DataException if they can be neither read nor written
     */
    public static CachedRows open(Path folder, RowMaker maker, DataListener listener) {
        CacheFolder cache = new CacheFolder(folder, listener);
        try {
            Fingerprint key = new Fingerprint()
                    .line("rows version " + VERSION)
                    .line(maker.dtype() + " " + maker.shape() + " of " + maker.size());
            maker.identify(key::line);
            String name = maker.name().replaceAll("[^A-Za-z0-9]+", "-");
            return cache.open(
                    name.substring(0, Math.min(40, name.length())) + "-" + key.key(),
                    new CacheFolder.Entry<CachedRows>() {
                        @Override
                        public CachedRows read(Path place) throws IOException {
                            return new CachedRows(place, maker);
                        }

                        @Override
                        public void write(Path growing) throws IOException {
                            try {
                                make(growing, maker, listener);
                            } catch (IOException e) {
                                long bytes = (long) maker.size() * StoredRows.bytes(maker.dtype(), maker.shape());
                                throw cache.unwritten(bytes, maker.name() + " rows", e);
                            }
                        }
                    });
        } catch (IOException e) {
            throw cache.unusable(maker.name() + " rows", e);
        }
    }

    /** A row as it was made. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Made(
            byte[] numbers, boolean lacking, @Nullable String fault) {}

    private static void make(Path growing, RowMaker maker, DataListener listener) throws IOException {
        int bytes = StoredRows.bytes(maker.dtype(), maker.shape());
        byte[] states = new byte[maker.size()];
        List<String> faults = new ArrayList<>();
        Fingerprint content = new Fingerprint();
        try (EntryWriter entry = new EntryWriter(growing);
                InOrder<RowMaker.Worker> threads =
                        new InOrder<>(maker.threads(), bytes, maker::open, RowMaker.Worker::close)) {
            CheckedFile rows = entry.create(ROWS, Npy.DATA);
            threads.<Made>run(maker.size(), row -> worker -> make(worker, row, bytes), (row, made) -> {
                ByteBuffer numbers = ByteBuffer.wrap(made.numbers);
                content.bytes(numbers);
                rows.write(numbers);
                if (made.fault != null) {
                    states[row] = FAULTY;
                    faults.add(made.fault);
                } else if (made.lacking) {
                    states[row] = LACKING;
                }
                listener.decoded(maker.name(), row + 1, maker.size());
            });
            rows.finish(
                    StoredRows.npy(maker.dtype(), maker.shape(), maker.size()).encode());
            CheckedFile kinds = entry.create(STATES, Npy.DATA);
            kinds.write(ByteBuffer.wrap(states));
            kinds.finish(Npy.of("|u1", states.length).encode());
            entry.finish(CacheFacts.create()
                    .put("version", VERSION)
                    .put(FINGERPRINT, content.bytes(ByteBuffer.wrap(states)).hex())
                    .putList(FAULTS, faults));
        }
    }

    private static Made make(RowMaker.Worker worker, int row, int bytes) {
        byte[] numbers = new byte[bytes];
        try {
            boolean there = worker.make(row, ByteBuffer.wrap(numbers).order(ByteOrder.LITTLE_ENDIAN));
            return new Made(numbers, !there, null);
        } catch (IOException e) {
            Arrays.fill(numbers, (byte) 0);
            return new Made(numbers, false, String.valueOf(e.getMessage()));
        }
    }

    /** The numbers. */
    public StoredRows stored() {
        return stored;
    }

    /** Whether there was nothing to make a row of. */
    public boolean isLacking(int row) {
        return states[row] == LACKING;
    }

    /** Why a row cannot be used; null if it can. */
    public @Nullable String fault(int row) {
        return faults[row];
    }

    /** SHA-256 in hexadecimal of all numbers, and of which rows have some. */
    public String fingerprint() {
        return fingerprint;
    }
}
