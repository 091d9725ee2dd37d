package dev.espalier.formats.pytorch;

import dev.espalier.formats.AtomicFile;
import dev.espalier.formats.FormatException;
import dev.espalier.formats.StorageException;
import dev.espalier.model.Model;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.ScriptModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Writes models as TorchScript programs, which {@code torch.jit.load} opens in Python and C++ without Espalier.
 *
 * <p>The program takes the model's inputs and gives its outputs in their order; parameters keep their names, with what Python does
 * not allow in a name replaced by underscores. Normalisations and dropout follow {@code train()} and {@code eval()}; a loaded program
 * is in eval mode.
 */
public final class TorchScript {
    private TorchScript() {}

    /** Writes {@code model}, whole or not at all; an operator without a rule is refused by name. */
    public static void write(Model model, Path file) {
        try (Scope scope = Scope.open()) {
            writeHere(model, file);
        }
    }

    private static void writeHere(Model model, Path file) {
        ScriptText text = ScriptText.of(model, file);
        Path folder;
        try {
            folder = Files.createTempDirectory("espalier-script");
        } catch (IOException e) {
            throw StorageException.writing(file, e);
        }
        try {
            Path program = folder.resolve("model.pt");
            ScriptModule.save(text.source(), text.parameters(), text.buffers(), program);
            byte[] bytes = Files.readAllBytes(program);
            AtomicFile.write(file, bytes);
        } catch (IOException e) {
            throw StorageException.writing(file, e);
        } catch (StorageException e) {
            throw e;
        } catch (EspalierException e) {
            throw new FormatException(file + ": libtorch refuses the program: " + e.getMessage(), e);
        } finally {
            delete(folder);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> all = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : all) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw StorageException.writing(folder, e);
        }
    }
}
