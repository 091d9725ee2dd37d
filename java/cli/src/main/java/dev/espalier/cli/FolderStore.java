package dev.espalier.cli;

import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.StorageException;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.formats.onnx.OnnxGraphs;
import dev.espalier.formats.safetensors.SafetensorsCheckpoints;
import dev.espalier.model.Model;
import dev.espalier.pipeline.Checkpointing;
import dev.espalier.pipeline.Comparison;
import dev.espalier.train.CheckpointPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The finished cells of a comparison as JSON files, its dense models as ONNX files, and the checkpoints of the cell in work. */
final class FolderStore implements Comparison.Store {
    private static final int KEPT_CHECKPOINTS = 2;
    private static final double CHECKPOINT_SECONDS = 60;
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Path folder;

    FolderStore(Path folder) {
        this.folder = folder;
        for (String part : List.of("cells", "models", "running")) {
            try {
                Files.createDirectories(folder.resolve(part));
            } catch (IOException e) {
                throw StorageException.writing(folder.resolve(part), e);
            }
        }
    }

    @Override
    public Optional<Comparison.Cell> cell(String key) {
        Path file = cellFile(key);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(MAPPER.readValue(Files.readAllBytes(file), Comparison.Cell.class));
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        } catch (JacksonException e) {
            throw new BadInput(
                    file + ": not a cell of a comparison: " + e.getOriginalMessage() + "; delete it to run it again",
                    e);
        }
    }

    @Override
    public void keep(String key, Comparison.Cell cell) {
        AtomicFile.write(cellFile(key), MAPPER.writeValueAsBytes(cell));
        delete(running(key));
    }

    @Override
    public Optional<Model> model(String key) {
        Path file = modelFile(key);
        return Files.exists(file) ? Optional.of(Onnx.read(file)) : Optional.empty();
    }

    @Override
    public void keep(String key, Model model) {
        Onnx.write(model, modelFile(key));
    }

    @Override
    public Optional<Checkpointing> checkpointing(String key) {
        return Optional.of(new Checkpointing(
                new SafetensorsCheckpoints(running(key), KEPT_CHECKPOINTS),
                new OnnxGraphs(),
                new CheckpointPolicy(0, CHECKPOINT_SECONDS)));
    }

    private Path cellFile(String key) {
        return folder.resolve("cells").resolve(key + ".json");
    }

    private Path modelFile(String key) {
        return folder.resolve("models").resolve(key + ".onnx");
    }

    private Path running(String key) {
        return folder.resolve("running").resolve(key);
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw StorageException.writing(folder, e);
        }
    }
}
