package dev.espalier.data;

/**
 * The order in which an epoch visits the images.
 *
 * @param shuffle random order, a new one for each epoch
 * @param seed with the epoch, decides order and augmentation
 * @param dropLast leave out the last batch if it is not full
 */
public record Sampling(boolean shuffle, long seed, boolean dropLast) {
    public static Sampling inOrder() {
        return new Sampling(false, 0, false);
    }

    public static Sampling shuffled(long seed) {
        return new Sampling(true, seed, false);
    }

    /**
     * The images of an epoch in order.
     *
     * @return a permutation of 0 to {@code count - 1}: Fisher-Yates on counter-based random numbers keyed by seed and epoch
     */
    public int[] order(int count, int epoch) {
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            order[i] = i;
        }
        if (shuffle) {
            new Philox(seed, Philox.ORDER, epoch).shuffle(order);
        }
        return order;
    }
}
