package dev.espalier.formats.keras;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.StorageException;
import dev.espalier.formats.ZipArchive;
import dev.espalier.model.Model;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads models as Keras saves them: {@code .keras} archives of Keras 3 and whole-model HDF5 files of Keras 2 and 3.
 *
 * <p>Images and volumes, channels last in Keras, take and give their channels first here, weights are transposed once; sequences
 * stay [batch, time, features]. Custom layers and Lambda layers hold Python code and are refused.
 */
public final class Keras {
    private static final JsonMapper JSON = JsonMapper.shared();

    private Keras() {}

    /** Names of the layers that are read. */
    public static Set<String> layers() {
        return KerasLayers.names();
    }

    /** The model in {@code file}, on the CPU, owning its weights. */
    public static Model read(Path file) {
        return isArchive(file) ? archive(file) : legacy(file);
    }

    private static boolean isArchive(Path file) {
        try (var in = Files.newInputStream(file)) {
            byte[] magic = in.readNBytes(2);
            return magic.length == 2 && magic[0] == 'P' && magic[1] == 'K';
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
    }

    private static Model archive(Path file) {
        try (ZipArchive zip = ZipArchive.open(file, "a Keras file")) {
            JsonNode config = json(file, "config.json", new String(zip.read("config.json"), StandardCharsets.UTF_8));
            JsonNode facts = json(file, "metadata.json", new String(zip.read("metadata.json"), StandardCharsets.UTF_8));
            try (Hdf5 hdf = Hdf5.open(file, zip.read("model.weights.h5"))) {
                return model(file, config, facts.path("keras_version").asString("3"), StoredWeights.byClass(hdf));
            }
        }
    }

    private static Model legacy(Path file) {
        byte[] bytes;
        try {
            if (Files.size(file) > Integer.MAX_VALUE - 8) {
                throw FormatException.of(file, "has more than 2 GiB; save the model in the .keras format");
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
        if (bytes.length < 8 || bytes[1] != 'H' || bytes[2] != 'D' || bytes[3] != 'F') {
            throw FormatException.of(file, "not a Keras file: it is neither a zip archive nor HDF5");
        }
        try (Hdf5 hdf = Hdf5.open(file, bytes)) {
            String config = text(file, hdf, "model_config");
            return model(
                    file,
                    json(file, "model_config", config),
                    hdf.texts("", "keras_version").orElse(List.of("2")).stream()
                            .findFirst()
                            .orElse("2"),
                    StoredWeights.byName(hdf));
        }
    }

    private static String text(Path file, Hdf5 hdf, String attribute) {
        return hdf.texts("", attribute).stream()
                .flatMap(List::stream)
                .findFirst()
                .orElseThrow(() -> FormatException.of(
                        file, "has no attribute '" + attribute + "': it holds weights alone; save the whole model"));
    }

    private static JsonNode json(Path file, String what, String text) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException e) {
            throw new FormatException(file + ": " + what + " is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static Model model(Path file, JsonNode root, String version, StoredWeights weights) {
        JsonNode config = root.path("config");
        String name = root.path("class_name").asString("");
        if (name.isEmpty() || !config.isObject()) {
            throw FormatException.of(file, "its configuration describes no model");
        }
        return new KerasModel(file, config, version).read(name, weights);
    }
}
