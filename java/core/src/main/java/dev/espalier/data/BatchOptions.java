package dev.espalier.data;

import dev.espalier.runtime.Device;
import java.util.Objects;
import java.util.Set;

/**
 * How samples are put into batches.
 *
 * @param size samples per batch
 * @param sampling the order in which samples come
 * @param augmentation random changes to each sample
 * @param statistics what the channels of images are normalised by; of no channels where samples are not images alone
 * @param device where batches are made
 * @param hidden modalities that every sample is to lack
 */
public record BatchOptions(
        int size,
        Sampling sampling,
        Augmentation augmentation,
        Statistics statistics,
        Device device,
        Set<String> hidden) {
    public BatchOptions {
        Objects.requireNonNull(sampling, "sampling");
        Objects.requireNonNull(augmentation, "augmentation");
        Objects.requireNonNull(statistics, "statistics");
        Objects.requireNonNull(device, "device");
        hidden = Set.copyOf(hidden);
        if (size < 1) {
            throw new DataException("batch size: expected at least 1, got " + size);
        }
    }

    /** The same with these modalities missing from every sample. */
    public BatchOptions hiding(Set<String> modalities) {
        return new BatchOptions(size, sampling, augmentation, statistics, device, modalities);
    }

    /** The same with other random changes. */
    public BatchOptions augmented(Augmentation other) {
        return new BatchOptions(size, sampling, other, statistics, device, hidden);
    }

    /** The same with samples in another order. */
    public BatchOptions sampled(Sampling other) {
        return new BatchOptions(size, other, augmentation, statistics, device, hidden);
    }

    /** Every sample once, in order, unchanged. */
    public static BatchOptions evaluation(int size, Statistics statistics, Device device) {
        return new BatchOptions(size, Sampling.inOrder(), Augmentation.none(), statistics, device, Set.of());
    }

    /** Every sample once per epoch in random order; the last batch may be smaller. */
    public static BatchOptions training(
            int size, long seed, Augmentation augmentation, Statistics statistics, Device device) {
        return new BatchOptions(size, Sampling.shuffled(seed), augmentation, statistics, device, Set.of());
    }
}
