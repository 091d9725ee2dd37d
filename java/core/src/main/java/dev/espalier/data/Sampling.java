package dev.espalier.data;

import java.util.ArrayList;
import java.util.List;

/**
 * The order in which an epoch visits the samples.
 *
 * @param visits which samples come how often
 * @param seed with the epoch, decides order and augmentation
 * @param dropLast leave out the last batch if it is not full
 */
public record Sampling(Visits visits, long seed, boolean dropLast) {
    /** Which samples an epoch visits, and how often; there are always as many visits as samples. */
    public enum Visits {
        /** Each once, as they lie. */
        IN_ORDER,
        /** Each once, in random order, a new one for each epoch. */
        SHUFFLE,
        /**
         * Each class equally often, give or take one visit, in random order: samples of a small class come several times, of a large class only some come,
         * others in each epoch.
         */
        BALANCED
    }

    public static Sampling inOrder() {
        return new Sampling(Visits.IN_ORDER, 0, false);
    }

    public static Sampling shuffled(long seed) {
        return new Sampling(Visits.SHUFFLE, seed, false);
    }

    /** The samples that an epoch visits, in order. */
    public int[] order(Source source, int epoch) {
        return visits == Visits.BALANCED
                ? balanced(source.labels(), source.classes().size(), epoch)
                : order(source.size(), epoch);
    }

    /**
     * The samples of an epoch that visits each once.
     *
     * @return a permutation of 0 to {@code count - 1}: Fisher-Yates on counter-based random numbers keyed by seed and epoch
     */
    public int[] order(int count, int epoch) {
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            order[i] = i;
        }
        if (visits == Visits.SHUFFLE) {
            new Philox(seed, Philox.ORDER, epoch).shuffle(order);
        }
        return order;
    }

    private int[] balanced(int[] labels, int classes, int epoch) {
        List<int[]> rows = new ArrayList<>(List.of(HoldOut.byClass(labels, classes)));
        rows.removeIf(ofClass -> ofClass.length == 0);
        Philox random = new Philox(seed, Philox.BALANCE, epoch);
        int[] order = new int[labels.length];
        int at = 0;
        int shuffles = 0;
        for (int k = 0; k < rows.size(); k++) {
            int[] ofClass = rows.get(k);
            // What division leaves over goes to other classes in each epoch.
            int turn = (k + epoch % rows.size()) % rows.size();
            int end = at + labels.length / rows.size() + (turn < labels.length % rows.size() ? 1 : 0);
            for (int i = 0; at < end; i = (i + 1) % ofClass.length) {
                if (i == 0) {
                    random.shuffle(ofClass, (long) labels.length * ++shuffles);
                }
                order[at++] = ofClass[i];
            }
        }
        random.shuffle(order);
        return order;
    }

    /**
     * For each visit of {@code order} what keys its random numbers: the sample's index at its first visit, something of its own at each later one, so that
     * a sample that comes again is changed in another way.
     *
     * @param samples of the source; keys are below twice as many
     */
    public static int[] keys(int[] order, int samples) {
        boolean[] visited = new boolean[samples];
        int[] keys = order.clone();
        for (int i = 0; i < order.length; i++) {
            if (visited[order[i]]) {
                keys[i] = samples + i;
            }
            visited[order[i]] = true;
        }
        return keys;
    }
}
