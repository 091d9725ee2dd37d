package dev.espalier.data;

/**
 * Random numbers as a pure function of seed, stream, epoch and index, without state: Philox4x32-10 of Salmon, Moraes, Dror
 * and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
 *
 * <p>Key = seed (low word first); counter = (index low, index high, epoch, stream).
 */
public final class Philox {
    /** Stream of the visiting order. */
    public static final int ORDER = 1;
    /** Stream of the images held out for validation. */
    public static final int HOLD_OUT = 2;
    /** Stream of augmentation. */
    public static final int AUGMENT = 3;
    /** Stream of synthetic images. */
    public static final int SYNTHETIC = 4;
    /** Stream of the augmentation of sounds. */
    public static final int AUDIO = 5;
    /** Stream of the modalities that training samples lose. */
    public static final int MODALITIES = 7;
    /** Stream of the words that training leaves out. */
    public static final int TEXT = 6;
    /** Stream of visits that are balanced between classes. */
    public static final int BALANCE = 11;
    /** Stream of samples that are mixed with others. */
    public static final int MIX = 12;

    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final int ROUNDS = 10;

    private final long seed;
    private final int stream;
    private final int epoch;

    public Philox(long seed, int stream, int epoch) {
        this.seed = seed;
        this.stream = stream;
        this.epoch = epoch;
    }

    /** A uniform number from [0, 1), a multiple of 2^-53. */
    public double uniform(long index) {
        int[] words =
                block(new int[] {(int) index, (int) (index >>> 32), epoch, stream}, (int) seed, (int) (seed >>> 32));
        long bits = ((long) words[1] << 32) | (words[0] & 0xFFFFFFFFL);
        return (bits >>> 11) * 0x1.0p-53;
    }

    /** A uniform number from [low, high). */
    public double uniform(long index, double low, double high) {
        return low + (high - low) * uniform(index);
    }

    /** A whole number from 0 to bound - 1; the bias is below bound * 2^-53. */
    public int below(long index, int bound) {
        return (int) (uniform(index) * bound);
    }

    /** Fisher-Yates: every order is equally likely; draw i places element i. */
    public void shuffle(int[] values) {
        shuffle(values, 0);
    }

    /** As {@link #shuffle(int[])}; draw {@code first + i} places element i. */
    public void shuffle(int[] values, long first) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = below(first + i, i + 1);
            int swapped = values[i];
            values[i] = values[j];
            values[j] = swapped;
        }
    }

    /** One block of the generator: 128 bits from a 128-bit counter and a 64-bit key; overwrites and returns the counter. */
    static int[] block(int[] counter, int key0, int key1) {
        int k0 = key0;
        int k1 = key1;
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * (counter[0] & 0xFFFFFFFFL);
            long product1 = MULTIPLIER_1 * (counter[2] & 0xFFFFFFFFL);
            counter[0] = (int) (product1 >>> 32) ^ counter[1] ^ k0;
            counter[1] = (int) product1;
            counter[2] = (int) (product0 >>> 32) ^ counter[3] ^ k1;
            counter[3] = (int) product0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        return counter;
    }
}
