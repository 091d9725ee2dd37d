package dev.espalier.prune;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * What must shrink, and by how much.
 *
 * @param target the share to be removed, from 0 up to but not including 1
 * @param of what the share is of
 * @param roundTo every group keeps a multiple of this many channels, or all; 1 leaves them free
 * @param table other shares for what certain nodes produce or hold, by name of node, group or parameter, or of a block such as a branch, which
 *     the names in it begin with; the smallest that applies holds
 */
public record Budget(double target, Of of, int roundTo, Map<String, Double> table) {
    /** What the share is of. */
    public enum Of {
        /** Channels of the prunable groups. */
        CHANNELS,
        /** Layers that can go. */
        LAYERS,
        /** Multiply-accumulates of the whole graph. */
        MACS,
        /** Parameters of the whole graph; for single weights, those that are not zero. */
        PARAMETERS,
        /** Size in bytes of all parameters of the whole graph, running statistics included. */
        BYTES,
        /** Time of one run on a device, as a cost function tells it that is handed to the pruner. */
        LATENCY,
        /** Weights of the parameters that may be masked; of N:M those in whole groups of M. */
        SPARSITY;

        /** Whether it is a sum over the graph that is left, known without a measurement. */
        boolean isReckoned() {
            return this == MACS || this == PARAMETERS || this == BYTES;
        }
    }

    public Budget {
        if (!(target >= 0 && target < 1)) {
            throw new PruningException("target must be at least 0 and below 1, the share to be removed, got " + target);
        }
        table = Map.copyOf(table);
        table.forEach((name, share) -> {
            if (!(share >= 0 && share < 1)) {
                throw new PruningException("the target of '" + name + "' must be at least 0 and below 1, got " + share);
            }
        });
        if (roundTo < 1) {
            throw new PruningException("round-to must be at least 1, got " + roundTo);
        }
    }

    /** Without a table. */
    public Budget(double target, Of of, int roundTo) {
        this(target, of, roundTo, Map.of());
    }

    public static Budget of(double target, Of of) {
        return new Budget(target, of, 1);
    }

    /** The same budget with another share to be removed; a table keeps its proportion to it. */
    public Budget withTarget(double share) {
        Map<String, Double> scaled = new TreeMap<>(table);
        if (target > 0) {
            scaled.replaceAll((name, own) -> own * (share / target));
        }
        return new Budget(share, of, roundTo, scaled);
    }

    /** The largest share that is to be removed of anything. */
    double greatest() {
        return table.values().stream().mapToDouble(own -> own).reduce(target, Math::max);
    }

    /** The share for what goes by these names. */
    double targetOf(Collection<String> names) {
        return table.entrySet().stream()
                .filter(entry -> names.stream().anyMatch(name -> covers(entry.getKey(), name)))
                .mapToDouble(Map.Entry::getValue)
                .min()
                .orElse(target);
    }

    /** Whether a name in the table means what has another name: the same, or a block that it is in, such as a branch. */
    static boolean covers(String inTable, String name) {
        return name.equals(inTable) || name.startsWith(inTable + ".");
    }
}
