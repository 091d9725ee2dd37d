package dev.espalier.data;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The images of a source, epoch by epoch, as normalised batches on a device.
 *
 * <p>What a batch holds is a function of (seed, epoch, batch index) alone, so a run resumed at a batch sees what an
 * uninterrupted run would have seen.
 */
public final class Batches {
    private final ImageSource source;
    private final BatchOptions options;

    /** Reads from {@code source}, which the caller closes after the last cursor. */
    public Batches(ImageSource source, BatchOptions options) {
        this.source = Objects.requireNonNull(source, "source");
        this.options = Objects.requireNonNull(options, "options");
        int channels = Math.toIntExact(source.imageShape().dim(0));
        if (channels != options.statistics().channels()) {
            throw new DataException("statistics: expected one per channel of images " + source.imageShape() + ", got "
                    + options.statistics().channels());
        }
        if (perEpoch() < 1) {
            throw new DataException(
                    "batches of " + options.size() + ": expected at least one per epoch, but there are " + source.size()
                            + " images" + (options.sampling().dropLast() ? " and the last batch is dropped" : ""));
        }
    }

    public ImageSource source() {
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

    /** The two halves of the first batch on the CPU, as samples for an input of this name. */
    public List<Map<String, Tensor>> halves(String input) {
        try (Cursor cursor = epoch(0, 0)) {
            Tensor images = cursor.next().inputs().to(Device.CPU);
            long half = images.size(0) / 2;
            return List.of(Map.of(input, images.narrow(0, 0, half)), Map.of(input, images.narrow(0, half, half)));
        }
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
        // A GPU works while the next batch is gathered; on a CPU both would share the same cores.
        return cursor(epoch, fromBatch, options.device().isCuda());
    }

    Cursor cursor(int epoch, int fromBatch, boolean readAhead) {
        BatchMaker maker = new BatchMaker(source, options, epoch);
        return new Cursor(readAhead ? new ReadAhead(maker, fromBatch, perEpoch()) : maker, fromBatch, perEpoch());
    }
}
