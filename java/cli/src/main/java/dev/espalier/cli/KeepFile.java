package dev.espalier.cli;

import dev.espalier.formats.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An explicit choice of what stays, as JSON: {@code {"<parameter>": {"<axis>": [kept indices]}}}. */
final class KeepFile {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Path file;

    private KeepFile(Path file) {
        this.file = file;
    }

    /** Kept indices by parameter and axis. */
    static Map<String, Map<Integer, long[]>> read(Path file) {
        try {
            return new KeepFile(file).parse(JSON.readTree(Files.readString(file)));
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        } catch (JacksonException e) {
            throw new BadInput(file + ": not a JSON file: " + e.getOriginalMessage(), e);
        }
    }

    private Map<String, Map<Integer, long[]>> parse(JsonNode root) {
        require(root.isObject(), "the file", root, "a map of parameters");
        Map<String, Map<Integer, long[]>> choice = new LinkedHashMap<>();
        root.properties().forEach(parameter -> {
            String name = "'" + parameter.getKey() + "'";
            require(parameter.getValue().isObject(), name, parameter.getValue(), "a map of axes");
            Map<Integer, long[]> axes = new LinkedHashMap<>();
            parameter.getValue().properties().forEach(axis -> {
                require(axis.getKey().matches("\\d{1,3}"), name, axis.getValue(), "axes 0, 1, ... as keys");
                axes.put(Integer.parseInt(axis.getKey()), indices(name + " axis " + axis.getKey(), axis.getValue()));
            });
            choice.put(parameter.getKey(), axes);
        });
        return choice;
    }

    private long[] indices(String what, JsonNode node) {
        require(node.isArray(), what, node, "a list of kept indices");
        long[] indices = new long[node.size()];
        for (int i = 0; i < indices.length; i++) {
            require(node.get(i).isIntegralNumber() && node.get(i).canConvertToLong(), what, node.get(i), "an index");
            indices[i] = node.get(i).longValue();
        }
        return indices;
    }

    private void require(boolean condition, String what, JsonNode got, String expected) {
        if (!condition) {
            throw new BadInput(file + ": " + what + " must be " + expected + ", got " + got);
        }
    }
}
