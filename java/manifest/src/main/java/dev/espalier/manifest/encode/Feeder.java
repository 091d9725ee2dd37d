package dev.espalier.manifest.encode;

import dev.espalier.data.Batch;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** Makes the model inputs of one modality for the batches of an epoch; for one thread at a time. */
interface Feeder extends AutoCloseable {
    /**
     * Adds the inputs of a batch, in the open scope and on the device of the batches.
     *
     * @param rows stored rows [n, ...], zeros where a sample has none, of files on the device of the batches, else on the CPU; only valid during the call
     * @param present which samples are to have the modality; those of others may have rows nonetheless, which must not be told from the
     *     inputs, but for inputs of files, which {@link Batch#presence} covers
     * @param keys what keys the random numbers of each sample
     * @param inputs by name; those of this modality are added
     */
    void feed(Tensor rows, boolean[] present, int[] keys, Map<String, Tensor> inputs);

    @Override
    default void close() {}
}
