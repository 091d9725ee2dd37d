package dev.espalier.formats.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.Golden;
import dev.espalier.formats.safetensors.Safetensors;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors that torch.save wrote (make_files.py) are those that the safetensors library wrote beside it. */
@NoLeaks
public class StateDictTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"state", "checkpoint", "views"})
    void givesTheTensorsThatWereSaved(String name) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> got = StateDict.read(Golden.file(StateDictTest.class, name + ".pt"));
            Map<String, Tensor> expected = Safetensors.read(Golden.file(StateDictTest.class, name + ".safetensors"))
                    .tensors();
            assertThat(got.keySet()).isEqualTo(expected.keySet());
            expected.forEach((key, tensor) -> {
                Tensor other = Objects.requireNonNull(got.get(key));
                assertThat(other.dtype()).as(key).isEqualTo(tensor.dtype());
                assertThat(other.shape()).as(key).isEqualTo(tensor.shape());
                assertThat(other.toBytes()).as(key).isEqualTo(tensor.toBytes());
            });
        }
    }

    @Test
    void objectsOfOtherKindsAreRefusedByName() {
        refusal(Golden.file(StateDictTest.class, "module.pt"), "torch.nn.modules.container.Sequential");
    }

    @Test
    void theFormatBeforeVersion16IsRefused() {
        refusal(Golden.file(StateDictTest.class, "old.pt"), "since PyTorch 1.6");
    }

    @Test
    void callsAreRefusedByNameAndNotDone() throws IOException {
        Path file = folder.resolve("evil.pt");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
            out.putNextEntry(new ZipEntry("evil/data.pkl"));
            out.write("\u0080\u0002cos\nsystem\nX\u0004\u0000\u0000\u0000true\u0085R."
                    .getBytes(StandardCharsets.ISO_8859_1));
        }
        refusal(file, "wants to call 'os.system'");
    }

    private static void refusal(Path file, String part) {
        try (Scope scope = Scope.open()) {
            assertThatThrownBy(() -> StateDict.read(file))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining(part);
        }
    }
}
