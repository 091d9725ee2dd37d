package dev.espalier.prune;

import java.util.List;

/**
 * What a compaction changed: sizes before and after, the equality check, and the nodes that had to keep their channels.
 *
 * @param approximations why removals that were made change results by nature; empty where all are exact
 */
public record CompactionReport(
        Size before, Size after, EqualityCheck check, List<String> approximations, List<Frozen> frozen) {
    public CompactionReport {
        approximations = List.copyOf(approximations);
        frozen = List.copyOf(frozen);
    }
}
