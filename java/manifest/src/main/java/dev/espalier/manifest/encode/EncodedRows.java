package dev.espalier.manifest.encode;

import dev.espalier.data.CachedRows;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.table.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One modality of some rows of a manifest, encoded; equal files are kept once. */
final class EncodedRows {
    /** The slot of a row that lacks the modality. */
    static final int MISSING = -1;

    private final Encoder encoder;
    private final CachedRows cached;
    private final int[] slots;

    private EncodedRows(Encoder encoder, CachedRows cached, int[] slots) {
        this.encoder = encoder;
        this.cached = cached;
        this.slots = slots;
    }

    /** The rows of a split, from the cache or encoded now. */
    static EncodedRows of(
            Encoder encoder, Manifest manifest, List<Table.Row> rows, String split, MixedData.Options options) {
        int[] columns =
                encoder.columns().stream().mapToInt(manifest.table()::indexOf).toArray();
        int[] slots = new int[rows.size()];
        List<List<@Nullable String>> distinct = new ArrayList<>();
        Map<List<@Nullable String>, Integer> known = new HashMap<>();
        for (int row = 0; row < slots.length; row++) {
            List<@Nullable String> cells = new ArrayList<>(columns.length);
            for (int column : columns) {
                cells.add(rows.get(row).cell(column));
            }
            Integer before = encoder.ofFiles() ? known.putIfAbsent(cells, distinct.size()) : null;
            slots[row] = before == null ? distinct.size() : before;
            if (before == null) {
                distinct.add(Collections.unmodifiableList(cells));
            }
        }
        CellRows maker = CellRows.of(split, encoder, manifest, distinct);
        return new EncodedRows(encoder, CachedRows.open(options.cache(), maker, options.listener()), slots);
    }

    Encoder encoder() {
        return encoder;
    }

    /** The numbers, by slot. */
    CachedRows cached() {
        return cached;
    }

    /** Why a row cannot be used; null if it can. */
    @Nullable
    String fault(int row) {
        return cached.fault(slots[row]);
    }

    /** Where the numbers of a row are, or {@link #MISSING}. */
    int slot(int row) {
        return cached.isLacking(slots[row]) ? MISSING : slots[row];
    }
}
