package dev.espalier.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.formats.FormatException;
import dev.espalier.formats.Golden;
import dev.espalier.formats.RandomTensors;
import dev.espalier.formats.StorageException;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
public class SafetensorsTest {
    private static final long[][] SHAPES = {{}, {0, 2}, {1}, {3}, {5, 7}, {2, 1, 3, 3}};

    @TempDir
    Path folder;

    @Test
    void whatIsWrittenIsReadBackForEveryType() {
        Path file = folder.resolve("all.safetensors");
        Map<String, String> metadata = Map.of("epoch", "3", "name", "\"ü\"\n");
        Random random = new Random(2);
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (DType dtype : DType.values()) {
                for (long[] shape : SHAPES) {
                    tensors.put(dtype + Arrays.toString(shape), RandomTensors.bits(random, dtype, shape));
                }
            }
            Safetensors.write(file, tensors, metadata);
            TensorFile read = Safetensors.read(file);
            assertThat(read.metadata()).containsExactlyInAnyOrderEntriesOf(metadata);
            assertThat(read.tensors()).containsOnlyKeys(tensors.keySet());
            read.tensors().forEach((name, tensor) -> assertEqual(name, tensor, tensors));
        }
    }

    private static void assertEqual(String name, Tensor got, Map<String, Tensor> expected) {
        assertThat(expected).hasEntrySatisfying(name, tensor -> {
            assertThat(got.dtype()).isEqualTo(tensor.dtype());
            assertThat(got.shape()).isEqualTo(tensor.shape());
            assertThat(got.toBytes()).as(name).isEqualTo(tensor.toBytes());
        });
    }

    @Test
    void writingToAReadTensorLeavesTheFileAlone() throws IOException {
        Path file = folder.resolve("x.safetensors");
        try (Scope scope = Scope.open()) {
            Safetensors.write(file, Map.of("x", Tensor.of(new float[] {1, 2, 3}, 3)), Map.of());
            byte[] before = Files.readAllBytes(file);
            assertThat(Safetensors.read(file).tensors())
                    .hasEntrySatisfying(
                            "x", x -> assertThat(x.mulInPlace(2).toFloatArray()).containsExactly(2, 4, 6));
            assertThat(file).hasBinaryContent(before);
        }
    }

    @Test
    void readsAFileThatMayNotBeWritten() throws IOException {
        Path file = folder.resolve("x.safetensors");
        try (Scope scope = Scope.open()) {
            Safetensors.write(file, Map.of("x", Tensor.of(new float[] {1, 2, 3}, 3)), Map.of());
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
            assertThat(Safetensors.read(file).tensors())
                    .hasEntrySatisfying("x", x -> assertThat(x.toFloatArray()).containsExactly(1, 2, 3));
        }
    }

    @Test
    void tensorsAreAligned() {
        Path file = folder.resolve("x.safetensors");
        try (Scope scope = Scope.open()) {
            Tensor bytes = Tensor.of(new byte[3], 3);
            Tensor doubles = Tensor.zeros(DType.F64, Device.CPU, 3);
            Safetensors.write(file, Map.of("a", bytes, "b", doubles), Map.of());
        }
        assertThat(Safetensors.entries(file))
                .allSatisfy(entry ->
                        assertThat(entry.begin() % entry.dtype().bytes()).isZero());
    }

    @Test
    void readsTheReferenceImplementationsFile() {
        try (Scope scope = Scope.open()) {
            TensorFile read = Safetensors.read(golden());
            assertThat(read.metadata()).containsEntry("maker", "numpy").containsEntry("note", "ä");
            assertThat(read.tensors())
                    .hasEntrySatisfying("bytes", t -> assertThat(t.toBytes()).containsExactly(0, 1, 2))
                    .hasEntrySatisfying("empty", t -> assertThat(t.shape()).isEqualTo(Shape.of(0, 4)))
                    .hasEntrySatisfying(
                            "ramp", t -> assertThat(t.toFloatArray()[23]).isEqualTo(23 / 8f));
        }
    }

    @Test
    void everyTruncationIsRefusedInOneLine() throws IOException {
        byte[] whole = Files.readAllBytes(golden());
        Path file = folder.resolve("cut.safetensors");
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Safetensors.entries(file))
                    .as("cut to %d bytes", length)
                    .isInstanceOf(FormatException.class)
                    .message()
                    .startsWith(file.toString())
                    .doesNotContain("\n");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "[1] | does not begin with '{'",
                "{'a': | not valid JSON",
                "{'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]}} x | not valid JSON",
                "{'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},'a':{}} | not valid JSON",
                "{'a':{'dtype':'U8','shape':[2]}} | exactly the fields",
                "{'a':{'dtype':'F4','shape':[2],'data_offsets':[0,2]}} | element type F4",
                "{'a':{'dtype':'U8','shape':[-2],'data_offsets':[0,2]}} | not a size",
                "{'a':{'dtype':'U8','shape':[2.0],'data_offsets':[0,2]}} | not a size",
                "{'a':{'dtype':'U8','shape':[2],'data_offsets':[2,0]}} | run backwards",
                "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,2]}} | needs 1 bytes",
                "{'a':{'dtype':'F32','shape':[4611686018427387904,4],'data_offsets':[0,2]}} | too large",
                "{'a':{'dtype':'U8','shape':[1],'data_offsets':[1,2]}} | hole",
                "{'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},"
                        + "'b':{'dtype':'U8','shape':[1],'data_offsets':[1,2]}} | overlaps",
                "{'a':{'dtype':'U8','shape':[3],'data_offsets':[0,3]}} | describes 3 bytes",
                "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}} | describes 1 bytes",
                "{'__metadata__':{'a':1}} | not text",
            })
    void dishonestHeadersAreRefused(String header, String problem) throws IOException {
        byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        ByteBuffer content = ByteBuffer.allocate(8 + json.length + 2).order(ByteOrder.LITTLE_ENDIAN);
        content.putLong(json.length).put(json);
        Path file = Files.write(folder.resolve("bad.safetensors"), content.array());
        assertThatThrownBy(() -> Safetensors.entries(file))
                .isInstanceOf(FormatException.class)
                .message()
                .startsWith(file.toString())
                .contains(problem)
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MAX_VALUE, 100_000_001, 9})
    void aHeaderLengthBeyondTheFileIsRefused(long length) throws IOException {
        ByteBuffer content =
                ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        Path file = Files.write(folder.resolve("bad.safetensors"), content.array());
        assertThatThrownBy(() -> Safetensors.metadata(file)).isInstanceOf(FormatException.class);
    }

    @Test
    void namesAMissingFile() {
        assertThatThrownBy(() -> Safetensors.metadata(folder.resolve("no.safetensors")))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("no such file");
    }

    private static Path golden() {
        return Golden.file(SafetensorsTest.class, "reference.safetensors");
    }
}
