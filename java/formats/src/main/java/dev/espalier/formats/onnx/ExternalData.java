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

/** Tensor data kept beside the model: only regular files inside the model's own folder are read. */
final class ExternalData {
    private final Path model;

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
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (offset > channel.size() - length) {
                throw FormatException.of(
                        model,
                        "tensor '" + tensor.getName() + "' lies at bytes " + offset + " to " + (offset + length)
                                + " of " + file + ", which has " + channel.size());
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, offset, length);
        } catch (IOException e) {
            throw StorageException.reading(file, e);
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
