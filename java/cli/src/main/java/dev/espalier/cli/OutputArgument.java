package dev.espalier.cli;

import dev.espalier.formats.ModelFile;
import dev.espalier.model.Model;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The model file that a subcommand makes. */
final class OutputArgument {
    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "OUT",
            description = "The model file to write: .onnx, TorchScript as .pt, or the weights alone as .safetensors.")
    private Path file = Path.of("");

    Path file() {
        return file;
    }

    /** Its name without its folder. */
    String name() {
        return String.valueOf(file.getFileName());
    }

    /** Refuses a place that cannot be written, before any work is done. */
    void check() {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || Files.isDirectory(file)) {
            throw new BadInput("cannot write " + file + ": it is a folder; give a file name");
        }
        if (!Files.isDirectory(folder)) {
            throw new BadInput("cannot write " + file + ": the folder " + folder + " does not exist; make it first");
        }
        if (!Files.isWritable(folder)) {
            throw new BadInput("cannot write " + file + ": the folder " + folder + " may not be written to");
        }
    }

    void write(Model model) {
        ModelFile.write(model, file);
    }
}
