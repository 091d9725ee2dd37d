package dev.espalier.formats.exporters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.Golden;
import dev.espalier.formats.npy.Npy;
import dev.espalier.formats.onnx.Onnx;
import dev.espalier.model.Model;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.EspalierException;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files as PyTorch's two exporters and Keras write them (make_exports.py) give the output that their framework gave; those that
 * refused.txt names may be refused by name instead.
 */
@NoLeaks
public class ExportedModelsTest {
    private static final Path FOLDER =
            Golden.file(ExportedModelsTest.class, "make_exports.py").getParent();

    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".onnx"))
                    .map(name -> name.substring(0, name.length() - 5))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void computesWhatTheFrameworkComputed(String name) throws IOException {
        try (Model model = Onnx.read(FOLDER.resolve(name + ".onnx"))) {
            compare(name, model);
        } catch (EspalierException e) {
            if (!Files.readAllLines(FOLDER.resolve("refused.txt")).contains(name)) {
                throw e;
            }
            assertThat(e).isInstanceOf(FormatException.class).hasMessageContaining(name + ".onnx: ");
        }
    }

    private static void compare(String name, Model model) {
        try (Scope scope = Scope.open();
                Session session = Session.of(model, Device.CPU)) {
            Tensor expected = Npy.read(FOLDER.resolve(name + ".y.npy"));
            Tensor got = session.run(Npy.read(FOLDER.resolve(name + ".x.npy")));
            assertThat(got.shape()).isEqualTo(expected.shape());
            double scale = expected.abs().max().item();
            // Rounding of sums over some hundred products, passed on by a dozen layers.
            assertThat(got.sub(expected).abs().max().item()).isLessThan(2e-5 * Math.max(1, scale));
        }
    }
}
