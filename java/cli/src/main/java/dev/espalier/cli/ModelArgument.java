package dev.espalier.cli;

import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import java.nio.file.Path;
import picocli.CommandLine.Parameters;

/** The model file that a subcommand works on. */
final class ModelArgument {
    @Parameters(paramLabel = "MODEL.onnx", description = "The model, an ONNX file.")
    private Path file = Path.of("");

    Path file() {
        return file;
    }

    /** The model, to be closed by the caller. */
    Model read() {
        return Onnx.read(file);
    }
}
