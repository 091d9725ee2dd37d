package dev.espalier.formats.keras;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.Golden;
import dev.espalier.formats.npy.Npy;
import dev.espalier.model.Model;
import dev.espalier.op.UnsupportedOperatorException;
import dev.espalier.plan.Session;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.ShapeException;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that Keras saved (make_models.py) give the output that Keras gave. */
@NoLeaks
public class KerasTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cnn.keras",
                "cnn.h5",
                "functional.keras",
                "decoder.keras",
                "sequence.keras",
                "volume.keras",
                "text.keras",
                "text.h5",
                "gated.keras",
                "gated.h5",
                "table.keras",
                "table.h5",
                "permuted.keras"
            })
    void computesWhatKerasComputed(String file) {
        String name = file.substring(0, file.indexOf('.'));
        try (Scope scope = Scope.open();
                Model model = read(file);
                Session session = Session.of(model, Device.CPU)) {
            Tensor expected = Npy.read(Golden.file(KerasTest.class, name + ".y.npy"));
            Tensor got = session.run(Npy.read(Golden.file(KerasTest.class, name + ".x.npy")));
            assertThat(got.shape()).isEqualTo(expected.shape());
            // Sums over at most some hundred products in about ten layers, each rounded to 2^-24 of its magnitude.
            assertThat(got.sub(expected).abs().max().item())
                    .isLessThan(1e-5 * Math.max(1, expected.abs().max().item()));
        }
    }

    /** The model, unless it needs an operator that is not there. */
    private static Model read(String file) {
        try {
            return Keras.read(Golden.file(KerasTest.class, file));
        } catch (FormatException e) {
            Assumptions.assumeFalse(
                    e.getCause() instanceof UnsupportedOperatorException || e.getCause() instanceof ShapeException,
                    e.getMessage());
            throw e;
        }
    }

    @Test
    void layersOfOtherKindsAreRefusedByName() throws IOException {
        Path file = withConfig("\"class_name\": \"Rescaling\"", "\"class_name\": \"Lambda\"");
        assertThatThrownBy(() -> Keras.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("layer 'rescaling' (Lambda): this kind of layer is not supported");
    }

    @Test
    void settingsThatWouldChangeTheResultAreRefused() throws IOException {
        Path file = withConfig("\"data_format\": \"channels_last\"", "\"data_format\": \"channels_first\"");
        assertThatThrownBy(() -> Keras.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("data_format must be channels_last");
    }

    /** Keras stores the 0.5 of {@code x * 0.5} beside the tensor, and masks and states by name. */
    @Test
    void whatALayerIsCalledWithBesideTensorsIsRefused() throws IOException {
        String functional = "functional.keras";
        assertThatThrownBy(() -> Keras.read(withConfig(functional, "\"args\": [", "\"args\": [0.5, ")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("is called with 0.5 beside tensors");
        assertThatThrownBy(() -> Keras.read(withConfig(functional, "\"mask\": null", "\"mask\": 1")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("is called with mask = 1");
        assertThatThrownBy(
                        () -> Keras.read(withConfig(functional, "\"kwargs\": {}", "\"kwargs\": {\"training\": true}")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("is called with training = true");
        try (Model same = Keras.read(withConfig(functional, "\"kwargs\": {}", "\"kwargs\": {\"training\": false}"))) {
            assertThat(same.graph().nodes()).isNotEmpty();
        }
    }

    @Test
    void openSizesAreRefused() throws IOException {
        Path file = withConfig("[null, 11, 12, 3]", "[null, null, 12, 3]");
        assertThatThrownBy(() -> Keras.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("leaves dimension 1 of the input open");
    }

    @Test
    void otherFilesAreNotKeras() throws IOException {
        Path file = Files.writeString(folder.resolve("m.keras"), "hello, this is text");
        assertThatThrownBy(() -> Keras.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("not a Keras file");
    }

    /** The archive of the small network with another configuration. */
    private Path withConfig(String old, String changed) throws IOException {
        return withConfig("cnn.keras", old, changed);
    }

    private Path withConfig(String golden, String old, String changed) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipFile zip = new ZipFile(Golden.file(KerasTest.class, golden).toFile());
                ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (ZipEntry entry : zip.stream().toList()) {
                byte[] content = zip.getInputStream(entry).readAllBytes();
                if (entry.getName().equals("config.json")) {
                    String text = new String(content, StandardCharsets.UTF_8);
                    assertThat(text).contains(old);
                    content = text.replace(old, changed).getBytes(StandardCharsets.UTF_8);
                }
                out.putNextEntry(new ZipEntry(entry.getName()));
                out.write(content);
            }
        }
        return Files.write(folder.resolve("changed.keras"), bytes.toByteArray());
    }
}
