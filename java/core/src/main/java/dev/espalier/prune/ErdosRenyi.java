package dev.espalier.prune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How many weights each parameter keeps in an Erdős–Rényi-kernel network: in proportion to the sum of its extents, but never more
 * than it has, so that small layers stay denser than large ones (Evci et al., "Rigging the lottery", 2020).
 */
final class ErdosRenyi {
    /** A parameter with what it would keep if weights could be split. */
    private record Share(String parameter, double exact) {
        double rest() {
            return exact - Math.floor(exact);
        }
    }

    private ErdosRenyi() {}

    /**
     * Weights kept, by parameter; they add up to {@code kept} exactly.
     *
     * @param shapes extents by parameter
     * @param kept at most all weights
     */
    static Map<String, Long> kept(Map<String, long[]> shapes, long kept) {
        Set<String> whole = new HashSet<>();
        double factor = factor(shapes, whole, kept);
        while (grow(shapes, whole, factor)) {
            factor = factor(shapes, whole, kept);
        }
        Map<String, Long> counts = new LinkedHashMap<>();
        List<Share> shares = new ArrayList<>();
        long left = kept;
        for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
            double exact = whole.contains(shape.getKey()) ? numel(shape.getValue()) : factor * sum(shape.getValue());
            shares.add(new Share(shape.getKey(), exact));
            counts.put(shape.getKey(), (long) Math.floor(exact));
            left -= (long) Math.floor(exact);
        }
        // The largest remainders are rounded up.
        shares.sort(Comparator.comparingDouble(Share::rest).reversed());
        for (int i = 0; left > 0; i = (i + 1) % shares.size()) {
            String parameter = shares.get(i).parameter();
            if (counts.getOrDefault(parameter, 0L) < numel(shapes.getOrDefault(parameter, new long[0]))) {
                counts.merge(parameter, 1L, Long::sum);
                left--;
            }
        }
        return counts;
    }

    private static double factor(Map<String, long[]> shapes, Set<String> whole, long kept) {
        double left = kept;
        double sums = 0;
        for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
            if (whole.contains(shape.getKey())) {
                left -= numel(shape.getValue());
            } else {
                sums += sum(shape.getValue());
            }
        }
        return sums == 0 ? 0 : left / sums;
    }

    /** Adds to {@code whole} what would keep more than it has; false if nothing would. */
    private static boolean grow(Map<String, long[]> shapes, Set<String> whole, double factor) {
        boolean grown = false;
        for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
            if (factor * sum(shape.getValue()) > numel(shape.getValue())) {
                grown |= whole.add(shape.getKey());
            }
        }
        return grown;
    }

    private static long sum(long[] extents) {
        long sum = 0;
        for (long extent : extents) {
            sum += extent;
        }
        return sum;
    }

    private static long numel(long[] extents) {
        long product = 1;
        for (long extent : extents) {
            product *= extent;
        }
        return product;
    }
}
