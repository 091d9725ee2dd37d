package dev.espalier.formats.keras;

import dev.espalier.formats.FormatException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** The settings of one layer, read by name; what is missing or of another kind is refused with the layer's name. */
record LayerConfig(Path file, String className, JsonNode settings) {
    String name() {
        return settings.path("name").isString() ? settings.path("name").stringValue() : className;
    }

    boolean has(String key) {
        return !settings.path(key).isMissingNode() && !settings.path(key).isNull();
    }

    FormatException refuse(String problem) {
        return FormatException.of(file, "layer '" + name() + "' (" + className + "): " + problem);
    }

    void require(boolean condition, String problem) {
        if (!condition) {
            throw refuse(problem);
        }
    }

    /** Refuses the setting unless it is absent, null or false. */
    void requireOff(String key) {
        require(!flag(key, false), key + " is not supported; set it to false");
    }

    int integer(String key) {
        return integer(settings.path(key), key);
    }

    int integer(String key, int otherwise) {
        return has(key) ? integer(key) : otherwise;
    }

    private int integer(JsonNode node, String key) {
        if (!node.isIntegralNumber() || !node.canConvertToInt()) {
            throw refuse(key + " must be a whole number, got " + shown(node));
        }
        return node.intValue();
    }

    float real(String key, double otherwise) {
        JsonNode node = settings.path(key);
        if (!has(key)) {
            return (float) otherwise;
        }
        if (!node.isNumber()) {
            throw refuse(key + " must be a number, got " + shown(node));
        }
        return (float) node.doubleValue();
    }

    boolean flag(String key, boolean otherwise) {
        JsonNode node = settings.path(key);
        if (!has(key)) {
            return otherwise;
        }
        if (!node.isBoolean()) {
            throw refuse(key + " must be true or false, got " + shown(node));
        }
        return node.booleanValue();
    }

    String text(String key, String otherwise) {
        JsonNode node = settings.path(key);
        if (!has(key)) {
            return otherwise;
        }
        if (node.isObject() && node.path("config").isString()) {
            return node.path("config").stringValue(); // a function that was registered under its name
        }
        if (!node.isString()) {
            throw refuse(key + " must be a text, got " + shown(node));
        }
        return node.stringValue();
    }

    /** A list of {@code count} whole numbers, each at least {@code least}; one number stands for all. */
    long[] sizes(String key, int count, int least) {
        long[] values = new long[count];
        JsonNode node = settings.path(key);
        if (node.isArray() && node.size() != count) {
            throw refuse(key + " must have " + count + " numbers, got " + shown(node));
        }
        for (int i = 0; i < count; i++) {
            values[i] = integer(node.isArray() ? node.get(i) : node, key);
            require(values[i] >= least, key + " must be at least " + least + ", got " + values[i]);
        }
        return values;
    }

    /** As {@link #sizes(String, int, int)}, or {@code otherwise} everywhere. */
    long[] sizes(String key, int count, int least, long otherwise) {
        if (has(key)) {
            return sizes(key, count, least);
        }
        long[] values = new long[count];
        Arrays.fill(values, otherwise);
        return values;
    }

    /** A list of whole numbers of any length. */
    long[] numbers(String key) {
        JsonNode node = settings.path(key);
        if (!node.isArray()) {
            return new long[] {integer(key)};
        }
        require(node.size() <= 64, key + " has " + node.size() + " numbers, expected at most 64");
        return sizes(key, node.size(), Integer.MIN_VALUE);
    }

    /** A layer that is a setting of this one. */
    Optional<LayerConfig> inner(String key) {
        JsonNode node = settings.path(key);
        return node.isObject() && node.path("class_name").isString()
                ? Optional.of(new LayerConfig(file, node.path("class_name").stringValue(), node.path("config")))
                : Optional.empty();
    }

    static String shown(JsonNode node) {
        String text = node.isMissingNode() ? "nothing" : node.toString();
        return text.length() > 60 ? text.substring(0, 60) + "…" : text;
    }
}
