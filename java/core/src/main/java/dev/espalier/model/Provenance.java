package dev.espalier.model;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Where a model comes from: data hash, recipe, versions, machine and history of steps, as facts sorted by name. */
public record Provenance(Map<String, String> facts) {
    public static final Provenance UNKNOWN = new Provenance(Map.of());

    public Provenance {
        facts = Collections.unmodifiableSortedMap(new TreeMap<>(facts));
    }

    /** The same origin with one fact added or replaced. */
    public Provenance with(String fact, String value) {
        SortedMap<String, String> more = new TreeMap<>(facts);
        more.put(fact, value);
        return new Provenance(more);
    }
}
