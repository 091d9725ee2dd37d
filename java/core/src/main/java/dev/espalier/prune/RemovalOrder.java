package dev.espalier.prune;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** In what order groups lose their channels, one after the other. */
@FunctionalInterface
interface RemovalOrder {
    /** How many channels each group has lost after the first {@code k} removals. */
    int[] first(int k);

    /**
     * All groups lose equal shares at equal pace.
     *
     * @param floors the channels at which each group stops
     */
    static RemovalOrder evenly(int[] channels, int[] floors) {
        record Removal(int group, double share) {}
        List<Removal> order = IntStream.range(0, channels.length)
                .boxed()
                .flatMap(g -> IntStream.rangeClosed(1, channels[g] - floors[g])
                        .mapToObj(i -> new Removal(g, (double) i / channels[g])))
                .sorted(Comparator.comparingDouble(Removal::share).thenComparingInt(Removal::group))
                .toList();
        return k -> {
            int[] removed = new int[channels.length];
            order.subList(0, k).forEach(removal -> removed[removal.group()]++);
            return removed;
        };
    }
}
