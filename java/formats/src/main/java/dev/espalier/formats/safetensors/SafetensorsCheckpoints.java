package dev.espalier.formats.safetensors;

import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.StorageException;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.train.CheckpointStore;
import dev.espalier.train.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the newest snapshots of one run in a folder, each as one safetensors file that carries its own checksum. */
public final class SafetensorsCheckpoints implements CheckpointStore {
    private static final Logger LOG = LoggerFactory.getLogger(SafetensorsCheckpoints.class);
    private static final String PREFIX = "checkpoint-";
    private static final Pattern NAME = Pattern.compile(PREFIX + "(\\d{1,18})\\.safetensors");
    private static final String CHECKSUM = "espalier.sha256";

    private final Path folder;
    private final int keep;

    private record Numbered(long number, Path file) {}

    /**
     * A store in {@code folder}, which is made if it does not exist.
     *
     * @param keep how many of the newest checkpoints stay; at least 2, so that one damaged file never loses the run
     */
    public SafetensorsCheckpoints(Path folder, int keep) {
        if (keep < 2) {
            throw new IllegalArgumentException("at least 2 checkpoints must be kept, got " + keep);
        }
        this.folder = folder;
        this.keep = keep;
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw StorageException.writing(folder, e);
        }
    }

    /** Whether the folder holds checkpoints, whole or not. */
    public boolean holdsAny() {
        return !newestFirst().isEmpty();
    }

    @Override
    public void save(Snapshot snapshot) {
        if (snapshot.hasFact(CHECKSUM)) {
            throw new IllegalArgumentException("the fact '" + CHECKSUM + "' is reserved");
        }
        List<Numbered> former = newestFirst();
        long number = former.isEmpty() ? 1 : former.get(0).number() + 1;
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new TreeMap<>();
            snapshot.tensors()
                    .forEach((name, tensor) ->
                            tensors.put(name, tensor.detach().to(Device.CPU).contiguous()));
            Map<String, String> metadata = new TreeMap<>(snapshot.facts());
            metadata.put(CHECKSUM, Checksum.of(snapshot.facts(), tensors));
            Safetensors.write(fileOf(number), tensors, metadata);
        }
        former.stream().skip(keep - 1L).map(Numbered::file).forEach(this::delete);
        removeRemnants();
    }

    @Override
    public Optional<Snapshot> latest() {
        for (Numbered candidate : newestFirst()) {
            try {
                return Optional.of(read(candidate.file()));
            } catch (EspalierException e) {
                LOG.warn("checkpoint refused, trying the one before it: {}", e.getMessage());
            }
        }
        return Optional.empty();
    }

    /** Reads one checkpoint into the open scope; throws if its content is not what was written. */
    public static Snapshot read(Path file) {
        try (Scope scope = Scope.open()) {
            TensorFile content = Safetensors.read(file);
            Map<String, String> facts = new TreeMap<>(content.metadata());
            String expected = facts.remove(CHECKSUM);
            if (expected == null) {
                throw FormatException.of(file, "not a checkpoint: it carries no checksum");
            }
            if (!Checksum.of(facts, content.tensors()).equals(expected)) {
                throw FormatException.of(file, "damaged: its content does not match its checksum");
            }
            return new Snapshot(facts, scope.keep(content.tensors()));
        }
    }

    private Path fileOf(long number) {
        return folder.resolve(String.format("%s%08d.safetensors", PREFIX, number));
    }

    private List<Numbered> newestFirst() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.flatMap(SafetensorsCheckpoints::numbered)
                    .sorted(Comparator.comparingLong(Numbered::number).reversed())
                    .toList();
        } catch (IOException e) {
            throw StorageException.reading(folder, e);
        }
    }

    private static Stream<Numbered> numbered(Path file) {
        Matcher matcher = NAME.matcher(file.getFileName().toString());
        return matcher.matches() ? Stream.of(new Numbered(Long.parseLong(matcher.group(1)), file)) : Stream.empty();
    }

    private void removeRemnants() {
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(file -> AtomicFile.isRemnant(file, PREFIX)).toList().forEach(this::delete);
        } catch (IOException e) {
            LOG.warn("cannot look for remnants in {}: {}", folder, e.getMessage());
        }
    }

    /** An old file that cannot be deleted costs space, not the run. */
    private void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("cannot delete {}: {}", file, e.getMessage());
        }
    }
}
