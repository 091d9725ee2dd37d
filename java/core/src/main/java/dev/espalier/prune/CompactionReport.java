package dev.espalier.prune;

import java.util.List;

/** What a compaction changed: sizes before and after, the equality check, and the nodes that had to keep their channels. */
public record CompactionReport(Size before, Size after, EqualityCheck check, List<Frozen> frozen) {}
