package dev.espalier.formats.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Tensor data kept beside the model: only regular files inside the model's own folder are read. */
final class ExternalData {
    /**
     * How far all tensors together may exceed the files that hold them, each counted once: tensors that lie apart never do, those that
     * exporters store once for several names do by little.
     */
    private static final int MOST_SHARING = 16;

    /** A file and its bytes, which are left out where it is larger than one mapping can be. */
    private record Source(Path file, long size, Optional<ByteBuffer> bytes) {}

    private final Path model;
    private final Map<Path, Source> sources = new HashMap<>();
    private long held;
    private long taken;

    ExternalData(Path model) {
        this.model = model;
    }

    /** The {@code length} bytes of a tensor whose data lies in another file. */
    ByteBuffer read(TensorProto tensor, long length) {
        Map<String, String> entries = new HashMap<>();
        for (StringStringEntryProto entry : tensor.getExternalDataList()) {
            entries.put(entry.getKey(), entry.getValue());
        }
        Path file = locate(tensor.getName(), entries.getOrDefault("location", ""));
        long offset = number(tensor.getName(), entries, "offset", 0);
        long given = number(tensor.getName(), entries, "length", length);
        if (given != length || length > Integer.MAX_VALUE) {
            throw FormatException.of(
                    model,
                    "tensor '" + tensor.getName() + "' needs " + length + " bytes, its external data gives " + given);
        }
        try {
            Source source = source(file);
            if (offset > source.size() - length) {
                throw FormatException.of(
                        model,
                        "tensor '" + tensor.getName() + "' lies at bytes " + offset + " to " + (offset + length)
                                + " of " + file + ", which has " + source.size());
            }
            take(tensor.getName(), length);
            return bytes(source, offset, (int) length);
        } catch (IOException e) {
            throw StorageException.reading(file, e);
        }
    }

    /** The file behind a path, mapped once however many tensors it holds. */
    private Source source(Path file) throws IOException {
        Path real = file.toRealPath();
        Source known = sources.get(real);
        if (known != null) {
            return known;
        }
        try (FileChannel channel = FileChannel.open(real, StandardOpenOption.READ)) {
            long size = channel.size();
            Optional<ByteBuffer> bytes = size > Integer.MAX_VALUE
                    ? Optional.empty()
                    : Optional.of(channel.map(FileChannel.MapMode.READ_ONLY, 0, size));
            Source opened = new Source(real, size, bytes);
            sources.put(real, opened);
            held += size;
            return opened;
        }
    }

    private void take(String tensor, long length) {
        taken += length;
        if (taken / MOST_SHARING > held) {
            throw FormatException.of(
                    model,
                    "tensor '" + tensor + "' and those before it take " + taken
                            + " bytes of external data, whose files have " + held + ": expected at most "
                            + MOST_SHARING + " times as many");
        }
    }

    private static ByteBuffer bytes(Source source, long offset, int length) throws IOException {
        if (source.bytes().isPresent()) {
            return source.bytes().get().slice((int) offset, length);
        }
        try (FileChannel channel = FileChannel.open(source.file(), StandardOpenOption.READ)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, length);
        }
    }

    private Path locate(String tensor, String location) {
        try {
            Path folder = model.toAbsolutePath().normalize().getParent();
            Path relative = Path.of(location);
            if (folder != null && !location.isEmpty() && !relative.isAbsolute()) {
                Path file = folder.resolve(relative).normalize();
                if (!Files.exists(file)) {
                    throw FormatException.of(
                            model, "tensor '" + tensor + "' has its data in " + file + ", which does not exist");
                }
                if (file.toRealPath().startsWith(folder.toRealPath()) && Files.isRegularFile(file)) {
                    return file;
                }
            }
        } catch (InvalidPathException | IOException e) {
            throw new FormatException(refusal(tensor, location), e);
        }
        throw new FormatException(refusal(tensor, location));
    }

    private String refusal(String tensor, String location) {
        return model + ": tensor '" + tensor + "' has its data in '" + location
                + "'; only relative paths to files inside the model's folder are read";
    }

    private long number(String tensor, Map<String, String> entries, String key, long otherwise) {
        String text = entries.get(key);
        if (text == null) {
            return otherwise;
        }
        try {
            long value = Long.parseLong(text);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new FormatException(
                    model + ": tensor '" + tensor + "' has the external " + key + " '" + text + "'", e);
        }
        throw FormatException.of(model, "tensor '" + tensor + "' has the external " + key + " " + text);
    }
}
