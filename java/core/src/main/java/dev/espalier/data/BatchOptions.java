package dev.espalier.data;

import dev.espalier.runtime.Device;
import java.util.Objects;

/**
 * How images are put into batches.
 *
 * @param size images per batch
 * @param sampling the order in which images come
 * @param augmentation random changes to each image
 * @param statistics what the channels are normalised by
 * @param device where batches are made
 */
public record BatchOptions(
        int size, Sampling sampling, Augmentation augmentation, Statistics statistics, Device device) {
    public BatchOptions {
        Objects.requireNonNull(sampling, "sampling");
        Objects.requireNonNull(augmentation, "augmentation");
        Objects.requireNonNull(statistics, "statistics");
        Objects.requireNonNull(device, "device");
        if (size < 1) {
            throw new DataException("batch size: expected at least 1, got " + size);
        }
    }

    /** Every image once, in order, unchanged. */
    public static BatchOptions evaluation(int size, Statistics statistics, Device device) {
        return new BatchOptions(size, Sampling.inOrder(), Augmentation.none(), statistics, device);
    }

    /** Every image once per epoch in random order; the last batch may be smaller. */
    public static BatchOptions training(
            int size, long seed, Augmentation augmentation, Statistics statistics, Device device) {
        return new BatchOptions(size, Sampling.shuffled(seed), augmentation, statistics, device);
    }
}
