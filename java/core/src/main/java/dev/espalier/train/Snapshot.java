package dev.espalier.train;

import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Tensor;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** All that a run needs to go on exactly where it was: facts as text, and tensors; names are paths such as {@code fit/epoch}. */
public record Snapshot(Map<String, String> facts, Map<String, Tensor> tensors) {
    public Snapshot {
        facts = Collections.unmodifiableSortedMap(new TreeMap<>(facts));
        tensors = Collections.unmodifiableSortedMap(new TreeMap<>(tensors));
    }

    public boolean hasFact(String name) {
        return facts.containsKey(name);
    }

    /** The fact called {@code name}; its absence means the checkpoint is not of this kind of run. */
    public String fact(String name) {
        String value = facts.get(name);
        if (value == null) {
            throw new EspalierException("the checkpoint holds no fact '" + name + "'; start the run anew");
        }
        return value;
    }

    public long wholeNumber(String name) {
        return Long.parseLong(fact(name));
    }

    public int integer(String name) {
        return Integer.parseInt(fact(name));
    }

    public double real(String name) {
        return Double.parseDouble(fact(name));
    }

    /** The tensor called {@code name}. */
    public Tensor tensor(String name) {
        Tensor value = tensors.get(name);
        if (value == null) {
            throw new EspalierException("the checkpoint holds no tensor '" + name + "'; start the run anew");
        }
        return value;
    }

    /** The tensors whose names begin with {@code prefix}, under the rest of their names. */
    public SortedMap<String, Tensor> tensorsUnder(String prefix) {
        SortedMap<String, Tensor> found = new TreeMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), tensor);
            }
        });
        return found;
    }

    /** The facts whose names begin with {@code prefix}, under the rest of their names. */
    public SortedMap<String, String> factsUnder(String prefix) {
        SortedMap<String, String> found = new TreeMap<>();
        facts.forEach((name, fact) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), fact);
            }
        });
        return found;
    }

    /** A snapshot under construction; the tensors stay with their owners until the store has written them. */
    public static final class Builder {
        private final SortedMap<String, String> facts = new TreeMap<>();
        private final SortedMap<String, Tensor> tensors = new TreeMap<>();

        /** Adds a fact; doubles keep their exact value as text. */
        public Builder fact(String name, Object value) {
            if (facts.put(name, value.toString()) != null) {
                throw new IllegalArgumentException("the snapshot has two facts '" + name + "'");
            }
            return this;
        }

        public Builder tensor(String name, Tensor value) {
            if (tensors.put(name, value) != null) {
                throw new IllegalArgumentException("the snapshot has two tensors '" + name + "'");
            }
            return this;
        }

        /** Adds each tensor under {@code prefix} followed by its key. */
        public Builder tensors(String prefix, Map<String, Tensor> values) {
            values.forEach((name, value) -> tensor(prefix + name, value));
            return this;
        }

        public Snapshot build() {
            return new Snapshot(facts, tensors);
        }
    }
}
