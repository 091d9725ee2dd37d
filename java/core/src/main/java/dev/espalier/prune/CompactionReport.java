package dev.espalier.prune;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a compaction changed: sizes before and after, the equality check, and the nodes that had to keep their channels, or layers.
 *
 * @param approximations why removals that were made change results by nature; empty where all are exact
 * @param layers the ids of the layers that went
 */
public record CompactionReport(
        Size before,
        Size after,
        EqualityCheck check,
        List<String> approximations,
        List<String> layers,
        List<Frozen> frozen) {
    public CompactionReport {
        approximations = List.copyOf(approximations);
        layers = List.copyOf(layers);
        frozen = List.copyOf(frozen);
    }

    /** This compaction and an earlier one that it followed, as one: of two checks the one that came nearer to its tolerance. */
    public CompactionReport after(Optional<CompactionReport> earlier) {
        if (earlier.isEmpty()) {
            return this;
        }
        CompactionReport first = earlier.get();
        boolean worse = check.maxAbsDiff() * first.check.tolerance() >= first.check.maxAbsDiff() * check.tolerance();
        return new CompactionReport(
                first.before,
                after,
                worse ? check : first.check,
                Stream.concat(first.approximations.stream(), approximations.stream())
                        .distinct()
                        .toList(),
                Stream.concat(first.layers.stream(), layers.stream()).toList(),
                frozen);
    }
}
