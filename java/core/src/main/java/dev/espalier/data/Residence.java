package dev.espalier.data;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Grad;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The devices that hold a copy of some rows. All copies of a process take at most a quarter of what would be free on a GPU without them; the CPU needs none.
 */
final class Residence implements AutoCloseable {
    private static final int SHARE = 4;
    /** Bytes of all copies on a device; guarded by itself. */
    private static final Map<Device, Long> TAKEN = new HashMap<>();

    private final StoredRows rows;
    private final Map<Device, Tensor> copies = new HashMap<>();
    /** Devices that had no room when they were asked first, so that all epochs are alike. */
    private final Set<Device> full = new HashSet<>();

    private @Nullable Scope owner;

    Residence(StoredRows rows) {
        this.rows = rows;
    }

    /** What gathers from the copy on a device, which is made now if there is room; empty if there is none. */
    synchronized Optional<RowGather> gather(Device device) {
        if (!copies.containsKey(device) && device.isCuda() && !full.contains(device)) {
            if (fits(bytes(), device.freeBytes(), taken(device))) {
                copyTo(device);
            } else {
                full.add(device);
            }
        }
        return Optional.ofNullable(copies.get(device)).map(copy -> chosen -> pick(copy, chosen));
    }

    /** Whether copies that take {@code wanted} bytes may join those that have {@code taken} some, where so many are free. */
    static boolean fits(long wanted, long free, long taken) {
        return taken + wanted <= (free + taken) / SHARE;
    }

    private static long taken(Device device) {
        synchronized (TAKEN) {
            return TAKEN.getOrDefault(device, 0L);
        }
    }

    private long bytes() {
        return (rows.size() + 1L) * StoredRows.bytes(rows.dtype(), rows.shape());
    }

    /** Rows that are missing are taken from the last one, which is of zeros. */
    private Tensor pick(Tensor copy, int[] chosen) {
        long[] places = new long[chosen.length];
        for (int i = 0; i < places.length; i++) {
            places[i] = chosen[i] < 0 ? rows.size() : chosen[i];
        }
        return copy.indexSelect(0, Tensor.of(places, places.length).to(copy.device()));
    }

    synchronized void copyTo(Device device) {
        if (copies.containsKey(device)) {
            return;
        }
        try (Scope scope = Scope.open();
                Grad guard = Grad.disabled()) {
            Tensor copy = Tensor.zeros(rows.dtype(), device, StoredRows.extents(rows.size() + 1L, rows.shape()));
            for (int from = 0; from < rows.size(); from += rows.wrappedRows(from)) {
                int count = rows.wrappedRows(from);
                copy.narrow(0, from, count).copyInPlace(rows.wrap(from, count));
            }
            if (owner == null) {
                owner = Scope.owner("rows on devices");
            }
            copies.put(device, owner.adopt(copy));
        }
        synchronized (TAKEN) {
            TAKEN.merge(device, bytes(), Long::sum);
        }
    }

    @Override
    public synchronized void close() {
        synchronized (TAKEN) {
            copies.keySet().forEach(device -> TAKEN.merge(device, -bytes(), Long::sum));
        }
        copies.clear();
        if (owner != null) {
            owner.close();
            owner = null;
        }
    }
}
