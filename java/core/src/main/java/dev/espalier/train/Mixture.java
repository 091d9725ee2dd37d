package dev.espalier.train;

import dev.espalier.data.Batch;
import dev.espalier.runtime.Tensor;

/**
 * A batch whose samples are blended with one another, or not.
 *
 * @param batch the blended samples, labelled as what they are more of
 * @param others the labels of what each sample is less of
 * @param share of the batch's own labels, from 1/2 to 1, which is no blend
 */
record Mixture(Batch batch, Tensor others, double share) {
    static Mixture none(Batch batch) {
        return new Mixture(batch, batch.labels(), 1);
    }
}
