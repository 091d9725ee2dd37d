package dev.espalier.manifest;

import dev.espalier.data.DataException;
import dev.espalier.manifest.table.OneLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A map as it stands in a YAML file, read key by key; {@code what} names it in errors. */
record Description(String what, Map<String, Object> values) {
    /** Refuses keys that are not {@code known}; underscores in keys count as hyphens. */
    static Description of(String what, Object value, List<String> known) {
        Description read = of(what, value);
        Map<String, Object> values = new LinkedHashMap<>();
        read.values.forEach((key, held) -> {
            String name = key.replace('_', '-');
            if (!known.contains(name)) {
                throw new DataException("unknown key '" + OneLine.of(key) + "' in " + what + "; expected one of "
                        + String.join(", ", known));
            }
            if (values.put(name, held) != null) {
                throw new DataException("key '" + name + "' in " + what + ": expected once, got twice");
            }
        });
        return new Description(what, values);
    }

    /** A map with any keys. */
    static Description of(String what, Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new DataException(what + ": expected a map such as 'key: value', got " + shown(value));
        }
        Map<String, Object> values = new LinkedHashMap<>();
        map.forEach((key, held) -> {
            if (key == null || held == null) {
                throw new DataException(
                        what + ": expected a value for '" + OneLine.of(String.valueOf(key)) + "', got none");
            }
            values.put(key.toString(), held);
        });
        return new Description(what, values);
    }

    /** The value of a key, if it is there. */
    Optional<Object> get(String key) {
        return Optional.ofNullable(values.get(key));
    }

    /** A single value. */
    Optional<String> text(String key) {
        return get(key).map(value -> text(named(key), value));
    }

    /** The constant of {@code known} that is spelt as the value. */
    <E extends Enum<E>> Optional<E> choice(String key, List<E> known) {
        return text(key)
                .map(text -> known.stream()
                        .filter(constant -> constant.name().equalsIgnoreCase(text.strip()))
                        .findFirst()
                        .orElseThrow(() -> new DataException(named(key) + ": expected one of "
                                + String.join(
                                        ", ",
                                        known.stream()
                                                .map(c -> c.name().toLowerCase(Locale.ROOT))
                                                .toList())
                                + ", got '" + OneLine.of(text) + "'")));
    }

    /** The name of a key in errors. */
    String named(String key) {
        return "'" + OneLine.of(key) + "' in " + what;
    }

    static String text(String what, Object value) {
        if (value instanceof Map || value instanceof Iterable) {
            throw new DataException(what + ": expected a single value, got " + shown(value));
        }
        return value.toString();
    }

    /** One value or a list of them. */
    static List<String> texts(String what, Object value) {
        if (!(value instanceof Iterable<?> values)) {
            return List.of(text(what, value));
        }
        List<String> texts = new ArrayList<>();
        for (Object each : values) {
            if (each == null) {
                throw new DataException(what + ": expected values, got an empty one");
            }
            texts.add(text(what, each));
        }
        if (texts.isEmpty()) {
            throw new DataException(what + ": expected at least one value, got an empty list");
        }
        return texts;
    }

    private static String shown(Object value) {
        return "'" + OneLine.of(String.valueOf(value)) + "'";
    }
}
