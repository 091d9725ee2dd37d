package dev.espalier.manifest.text;

import dev.espalier.data.Philox;

/**
 * Augmentation of texts: each token becomes unknown with a probability, so that a model learns to do without any one word.
 *
 * <p>What happens to a token depends on seed, epoch, the sample's index and the token's position only, not on the batch. Two
 * texts of one sample take two seeds.
 *
 * @param probability of each token that is not padding, 0 to 1
 * @param padding the id that stays
 * @param unknown the id that tokens become
 */
public record TokenDropout(double probability, int padding, int unknown) {
    public TokenDropout {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("the probability of token dropout must be 0 to 1, got " + probability);
        }
    }

    /** Token dropout in texts of this tokenizer. */
    public static TokenDropout of(double probability, Tokenizer tokenizer) {
        return new TokenDropout(probability, tokenizer.padding(), tokenizer.unknown());
    }

    /**
     * The ids after dropout.
     *
     * @param ids [n, length] in row-major order
     * @param samples the n samples' indices, which key their random numbers
     */
    public long[] apply(long[] ids, int[] samples, long seed, int epoch) {
        if (samples.length == 0 ? ids.length > 0 : ids.length % samples.length != 0) {
            throw new IllegalArgumentException(
                    ids.length + " ids are not rows of one length for " + samples.length + " samples");
        }
        Philox random = new Philox(seed, Philox.TEXT, epoch);
        long[] left = ids.clone();
        int length = samples.length == 0 ? 0 : ids.length / samples.length;
        for (int i = 0; i < ids.length && probability > 0; i++) {
            long draw = ((long) samples[i / length] << Integer.SIZE) | (i % length);
            if (ids[i] != padding && random.uniform(draw) < probability) {
                left[i] = unknown;
            }
        }
        return left;
    }
}
