package dev.espalier.data;

import java.util.Arrays;

/**
 * A choice of rows that leave training for validation, drawn at random: from each class the same share, where samples have one.
 *
 * @param kept rows that stay, ascending
 * @param held rows held out, ascending
 */
@SuppressWarnings("ArrayRecordComponent")
public record HoldOut(int[] kept, int[] held) {
    /** Of a class with at least two samples, at least one is held out and at least one stays. */
    public static HoldOut of(Answers answers, double fraction, long seed) {
        int[][] strata = answers.strata();
        boolean[] out = new boolean[answers.size()];
        int heldOut = 0;
        for (int stratum = 0; stratum < strata.length; stratum++) {
            int[] rows = strata[stratum];
            int share = share(rows.length, fraction);
            new Philox(seed, Philox.HOLD_OUT, stratum).shuffle(rows);
            for (int i = 0; i < share; i++) {
                out[rows[i]] = true;
            }
            heldOut += share;
        }
        int[] kept = new int[out.length - heldOut];
        int[] held = new int[heldOut];
        int keptAt = 0;
        int heldAt = 0;
        for (int row = 0; row < out.length; row++) {
            if (out[row]) {
                held[heldAt++] = row;
            } else {
                kept[keptAt++] = row;
            }
        }
        return new HoldOut(kept, held);
    }

    /** The rows of each class, ascending. */
    static int[][] byClass(int[] labels, int classes) {
        int[][] byClass = new int[classes][];
        int[] counts = new int[classes];
        for (int label : labels) {
            counts[label]++;
        }
        Arrays.setAll(byClass, label -> new int[counts[label]]);
        int[] next = new int[classes];
        for (int row = 0; row < labels.length; row++) {
            byClass[labels[row]][next[labels[row]]++] = row;
        }
        return byClass;
    }

    private static int share(int images, double fraction) {
        if (fraction == 0 || images < 2) {
            return 0;
        }
        return (int) Math.max(1, Math.min(images - 1, Math.round(fraction * images)));
    }
}
