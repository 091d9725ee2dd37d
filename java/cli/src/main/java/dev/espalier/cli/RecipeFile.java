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
import tools.jackson.dataformat.yaml.YAMLMapper;

/** A recipe as a YAML file: one flat map of settings. */
final class RecipeFile {
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private RecipeFile() {}

    /** The map that a file holds, with texts, numbers, booleans, lists and maps as values. */
    @SuppressWarnings("unchecked") // the keys of a JSON object are texts
    static Map<String, Object> document(Path file) {
        JsonNode root = tree(file);
        if (!root.isObject()) {
            throw new BadInput(file + ": expected a map such as 'files: manifest.csv', got " + root);
        }
        return YAML.convertValue(root, Map.class);
    }

    private static JsonNode tree(Path file) {
        try {
            return YAML.readTree(Files.readString(file));
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        } catch (JacksonException e) {
            throw new BadInput(file + ": not a YAML file: " + e.getOriginalMessage(), e);
        }
    }

    /** The settings as they stand in the file, not yet checked. */
    static Map<String, Object> read(Path file) {
        JsonNode root = tree(file);
        Map<String, Object> settings = new LinkedHashMap<>();
        if (root.isMissingNode() || root.isNull()) {
            return settings;
        }
        if (!root.isObject()) {
            throw new BadInput(file + ": expected a map of settings such as 'epochs: 20', got " + root);
        }
        root.properties().forEach(entry -> {
            if (!entry.getValue().isValueNode() || entry.getValue().isNull()) {
                throw new BadInput(
                        file + ": setting '" + entry.getKey() + "' must be a single value, got " + entry.getValue());
            }
            settings.put(entry.getKey(), entry.getValue().asString());
        });
        return settings;
    }
}
