package dev.espalier.data;

import dev.espalier.runtime.Tensor;

/**
 * Some images ready for a model; its tensors belong to the scope that was open when the batch was taken.
 *
 * @param inputs F32 [n, channels, height, width], normalised
 * @param labels I64 [n]
 * @param indices which images of the source these are
 */
@SuppressWarnings("ArrayRecordComponent")
public record Batch(Tensor inputs, Tensor labels, int[] indices) {
    /** The number of images. */
    public int size() {
        return indices.length;
    }
}
