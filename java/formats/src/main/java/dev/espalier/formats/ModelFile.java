package dev.espalier.formats;

import dev.espalier.formats.keras.Keras;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.formats.pytorch.StateDict;
import dev.espalier.formats.pytorch.TorchScript;
import dev.espalier.formats.safetensors.Safetensors;
import dev.espalier.model.Model;
import dev.espalier.model.Weights;
import dev.espalier.op.TensorType;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Model files of every format, told apart by their extension: ONNX and Keras are read; ONNX, TorchScript ({@code .pt}) and, for the
 * weights alone, safetensors are written.
 */
public final class ModelFile {
    private ModelFile() {}

    /** The model in {@code file}, on the CPU, owning its weights. */
    public static Model read(Path file) {
        return switch (extension(file)) {
            case "keras", "h5", "hdf5" -> Keras.read(file);
            case "pt", "pth", "safetensors", "npy", "npz" ->
                throw FormatException.of(
                        file,
                        "holds no graph that is read; give the graph as the model (ONNX or Keras) and this file as its weights");
            default -> Onnx.read(file);
        };
    }

    /**
     * The graph of {@code file} with the weights of another file: safetensors, or a state_dict of PyTorch.
     *
     * <p>Every floating parameter of the graph must be among them, by name and shape. An ONNX file may leave its weights out and
     * declare them as inputs.
     */
    public static Model read(Path file, Path weights) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = tensors(weights);
            boolean keras = extension(file).matches("keras|h5|hdf5");
            try (Model model = keras ? Keras.read(file) : Onnx.read(file, tensors)) {
                return withWeights(model, tensors, weights);
            }
        }
    }

    /** The graph of {@code model} with the weights of {@code weights}; the model itself stays as it is. */
    public static Model withWeights(Model model, Path weights) {
        try (Scope scope = Scope.open()) {
            return withWeights(model, tensors(weights), weights);
        }
    }

    private static Map<String, Tensor> tensors(Path file) {
        return switch (extension(file)) {
            case "safetensors" -> Safetensors.read(file).tensors();
            case "pt", "pth", "bin", "ckpt" -> StateDict.read(file);
            default ->
                throw FormatException.of(
                        file, "expected weights as .safetensors, or a state_dict as .pt, .pth, .bin or .ckpt");
        };
    }

    private static Model withWeights(Model model, Map<String, Tensor> tensors, Path file) {
        Map<String, TensorType> parameters = model.graph().parameters();
        List<String> missing = new ArrayList<>();
        Map<String, Tensor> chosen = new LinkedHashMap<>();
        parameters.forEach((name, type) -> {
            Tensor given = tensors.get(name);
            if (given == null && type.dtype().isFloating()) {
                missing.add(name);
            }
            Tensor taken = given == null ? model.weights().get(name) : given;
            if (!taken.shape().equals(type.shape())) {
                throw FormatException.of(
                        file,
                        "tensor '" + name + "' has shape " + taken.shape() + ", the graph expects " + type.shape());
            }
            chosen.put(name, taken.dtype() == type.dtype() ? taken : taken.to(type.dtype()));
        });
        // Counters of batches are no part of a graph.
        List<String> unknown = tensors.entrySet().stream()
                .filter(entry -> !parameters.containsKey(entry.getKey())
                        && !(entry.getValue().rank() == 0
                                && !entry.getValue().dtype().isFloating()))
                .map(Map.Entry::getKey)
                .toList();
        if (!missing.isEmpty() || !unknown.isEmpty()) {
            throw FormatException.of(
                    file,
                    "its names are not those of the graph: " + missing.size() + " missing " + some(missing) + ", "
                            + unknown.size() + " unknown " + some(unknown));
        }
        return new Model(model.graph(), Weights.copyOf(chosen), model.metadata());
    }

    private static List<String> some(List<String> names) {
        return names.subList(0, Math.min(5, names.size()));
    }

    /** Writes {@code model} in the format of the file's extension, ONNX for any that is not known; whole or not at all. */
    public static void write(Model model, Path file) {
        switch (extension(file)) {
            case "pt", "pth" -> TorchScript.write(model, file);
            case "safetensors" ->
                Safetensors.write(
                        file, model.weights().asMap(), model.metadata().extra());
            case "keras", "h5", "hdf5" ->
                throw FormatException.of(file, "Keras files are read, not written; write .onnx, .pt or .safetensors");
            default -> Onnx.write(model, file);
        }
    }

    private static String extension(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }
}
