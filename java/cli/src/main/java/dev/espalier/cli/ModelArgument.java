package dev.espalier.cli;

import dev.espalier.formats.ModelFile;
import dev.espalier.model.Model;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The model file that a subcommand works on. */
final class ModelArgument {
    @Parameters(paramLabel = "MODEL", description = "The model: an ONNX file, or a Keras file (.keras, .h5).")
    private Path file = Path.of("");

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "Weights to use instead of the model's own: .safetensors, or a state_dict (.pt, .pth).")
    private @Nullable Path weights;

    Path file() {
        return file;
    }

    /** The model, to be closed by the caller. */
    Model read() {
        return weights == null ? ModelFile.read(file) : ModelFile.read(file, weights);
    }
}
