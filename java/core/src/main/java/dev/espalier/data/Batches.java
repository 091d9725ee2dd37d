package dev.espalier.data;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The samples of a source, epoch by epoch, as batches on a device.
 *
 * <p>What a batch holds is a function of (seed, epoch, batch index) alone, so a run resumed at a batch sees what an
 * uninterrupted run would have seen.
 */
public final class Batches {
    private final Source source;
    private final BatchOptions options;

    /** Reads from {@code source}, which the caller closes after the last cursor. */
    public Batches(Source source, BatchOptions options) {
        this.source = Objects.requireNonNull(source, "source");
        this.options = Objects.requireNonNull(options, "options");
        source.check(options);
        if (perEpoch() < 1) {
            throw new DataException(
                    "batches of " + options.size() + ": expected at least one per epoch, but there are " + source.size()
                            + " samples" + (options.sampling().dropLast() ? " and the last batch is dropped" : ""));
        }
    }

    public Source source() {
        return source;
    }

    public BatchOptions options() {
        return options;
    }

    /** The number of batches in an epoch. */
    public int perEpoch() {
        int full = source.size() / options.size();
        boolean partial =
                source.size() % options.size() != 0 && !options.sampling().dropLast();
        return partial ? full + 1 : full;
    }

    /** Whether a last batch of one sample follows others. */
    public boolean endWithOne() {
        return perEpoch() > 1 && source.size() - (perEpoch() - 1) * options.size() == 1;
    }

    /** The two halves of the first batch on the CPU, as samples for a model whose inputs have these names. */
    public List<Map<String, Tensor>> halves(List<String> names) {
        try (Cursor cursor = epoch(0, 0)) {
            Batch first = cursor.next();
            Map<String, Tensor> inputs = first.inputsFor(names);
            long half = first.size() / 2;
            return List.of(part(inputs, 0, half), part(inputs, half, half));
        }
    }

    private static Map<String, Tensor> part(Map<String, Tensor> inputs, long from, long count) {
        Map<String, Tensor> part = new LinkedHashMap<>();
        inputs.forEach((name, input) -> part.put(name, input.to(Device.CPU).narrow(0, from, count)));
        return part;
    }

    /**
     * Goes through an epoch.
     *
     * @param epoch at least 0
     * @param fromBatch the batch to start with, 0 to {@link #perEpoch()}
     */
    public Cursor epoch(int epoch, int fromBatch) {
        if (epoch < 0) {
            throw new IndexOutOfBoundsException("epoch " + epoch + ": expected at least 0");
        }
        Objects.checkIndex(fromBatch, perEpoch() + 1);
        // A GPU works while the next batch is gathered; on a CPU it gained nothing even beside one compute thread
        // (docs/data.md).
        return cursor(epoch, fromBatch, options.device().isCuda());
    }

    Cursor cursor(int epoch, int fromBatch, boolean readAhead) {
        BatchSupply supply = source.supply(options, epoch);
        return new Cursor(readAhead ? new ReadAhead(supply, fromBatch, perEpoch()) : supply, fromBatch, perEpoch());
    }
}
