package dev.espalier.data;

import java.util.Arrays;

/**
 * The samples that an epoch visits, batch by batch.
 *
 * @param order the samples in the order of their visits
 * @param keys what keys the random numbers of each visit
 * @param size samples of a batch; the last may have fewer
 */
@SuppressWarnings("ArrayRecordComponent")
public record EpochOrder(int[] order, int[] keys, int size) {
    /** Of an epoch through a source. */
    public static EpochOrder of(Source source, BatchOptions options, int epoch) {
        int[] order = options.sampling().order(source, epoch);
        return new EpochOrder(order, Sampling.keys(order, source.size()), options.size());
    }

    /** The visits of a batch. */
    public EpochOrder batch(int index) {
        int from = index * size;
        int to = Math.min(order.length, from + size);
        return new EpochOrder(Arrays.copyOfRange(order, from, to), Arrays.copyOfRange(keys, from, to), size);
    }
}
