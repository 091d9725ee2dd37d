package dev.espalier.model;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a user of a model must know beside its graph and weights.
 *
 * @param labels names of the classes in the order of the outputs; may be empty
 * @param preprocessing how images become inputs; {@code null} where the model takes something else
 * @param extra further facts, sorted by name
 */
public record Metadata(
        List<String> labels, @Nullable Preprocessing preprocessing, Provenance provenance, Map<String, String> extra) {
    public static final Metadata NONE = new Metadata(List.of(), null, Provenance.UNKNOWN, Map.of());

    public Metadata {
        labels = List.copyOf(labels);
        extra = Collections.unmodifiableSortedMap(new TreeMap<>(extra));
    }

    /** How images become inputs, where the model takes images. */
    public Optional<Preprocessing> imagePreprocessing() {
        return Optional.ofNullable(preprocessing);
    }

    public Metadata withLabels(List<String> others) {
        return new Metadata(others, preprocessing, provenance, extra);
    }

    public Metadata withPreprocessing(@Nullable Preprocessing other) {
        return new Metadata(labels, other, provenance, extra);
    }

    /** The same with one further fact added or replaced. */
    public Metadata with(String fact, String value) {
        Map<String, String> more = new TreeMap<>(extra);
        more.put(fact, value);
        return new Metadata(labels, preprocessing, provenance, more);
    }

    public Metadata withProvenance(Provenance other) {
        return new Metadata(labels, preprocessing, other, extra);
    }
}
