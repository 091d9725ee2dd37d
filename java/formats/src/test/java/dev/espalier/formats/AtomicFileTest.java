package dev.espalier.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void writesAndReplacesWholeFiles() throws IOException {
        Path file = folder.resolve("a.bin");
        AtomicFile.write(file, bytes("first"));
        AtomicFile.write(file, bytes("second"));
        assertThat(file).hasContent("second");
        assertThat(names()).containsExactly("a.bin");
    }

    @Test
    void aFullDiskLeavesTheFormerFileAndNothingElse() throws IOException {
        Path file = folder.resolve("a.bin");
        AtomicFile.write(file, bytes("former"));
        assertThatThrownBy(() -> AtomicFile.write(file, channel -> {
                    AtomicFile.writeFully(channel, ByteBuffer.wrap(bytes("half of the ")));
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(StorageException.class)
                .hasMessage("cannot write " + file + ": No space left on device; nothing was written");
        assertThat(file).hasContent("former");
        assertThat(names()).containsExactly("a.bin");
    }

    @Test
    void anErrorOfTheProgramLeavesNothingEither() throws IOException {
        Path file = folder.resolve("a.bin");
        assertThatThrownBy(() -> AtomicFile.write(file, channel -> {
                    throw new IllegalStateException("boom");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(names()).isEmpty();
    }

    @Test
    void refusesFoldersAndMissingFolders() {
        assertThatThrownBy(() -> AtomicFile.write(folder, bytes("x")))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("it is a folder");
        assertThatThrownBy(() -> AtomicFile.write(folder.resolve("no/a.bin"), bytes("x")))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("does not exist");
    }

    @Test
    void remnantsOfKilledWritesAreRecognised() {
        assertThat(AtomicFile.isRemnant(Path.of("x/.step-3.safetensors.1f.tmp"), "step-"))
                .isTrue();
        assertThat(AtomicFile.isRemnant(Path.of("x/step-3.safetensors"), "step-"))
                .isFalse();
        assertThat(AtomicFile.isRemnant(Path.of("x/.other.tmp"), "step-")).isFalse();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
