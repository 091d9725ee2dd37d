package dev.espalier.formats.npy;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
public class NpyTest {
    private static final long[][] SHAPES = {{}, {0}, {1}, {3, 0}, {7}, {2, 3, 5}, {1, 3, 1, 17}, {63}, {64}, {65}};

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BF16")
    void whatIsWrittenIsReadBack(DType dtype) {
        Path file = folder.resolve("x.npy");
        Random random = new Random(1);
        for (long[] shape : SHAPES) {
            try (Scope scope = Scope.open()) {
                Tensor tensor = RandomTensors.bits(random, dtype, shape);
                Npy.write(file, tensor);
                Tensor read = Npy.read(file);
                assertThat(read.dtype()).isEqualTo(dtype);
                assertThat(read.shape()).isEqualTo(Shape.of(shape));
                assertThat(read.toBytes()).isEqualTo(tensor.toBytes());
            }
        }
    }

    @Test
    void writesAViewInRowMajorOrder() {
        try (Scope scope = Scope.open()) {
            Tensor view = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).transpose(0, 1);
            Npy.write(folder.resolve("t.npy"), view);
            assertThat(Npy.read(folder.resolve("t.npy")).toFloatArray()).containsExactly(1, 4, 2, 5, 3, 6);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"c_order.npy", "fortran_order.npy"})
    void readsNumPysFilesInEitherOrder(String name) {
        try (Scope scope = Scope.open()) {
            Tensor read = Npy.read(golden(name));
            assertThat(read.shape()).isEqualTo(Shape.of(2, 3, 4));
            float[] values = read.toFloatArray();
            for (int i = 0; i < values.length; i++) {
                assertThat(values[i]).isEqualTo(i / 8f);
            }
        }
    }

    @Test
    void readsScalarsAndVersionTwo() {
        try (Scope scope = Scope.open()) {
            assertThat(Npy.read(golden("scalar.npy")).item()).isEqualTo(-7);
            assertThat(Npy.read(golden("version2.npy")).toBytes()).containsExactly(1, 0, 1);
        }
    }

    @Test
    void writesTheBytesThatNumPyWrites() {
        try (Scope scope = Scope.open()) {
            Npy.write(folder.resolve("c.npy"), Npy.read(golden("c_order.npy")));
        }
        assertThat(folder.resolve("c.npy")).hasSameBinaryContentAs(golden("c_order.npy"));
    }

    @ParameterizedTest
    @CsvSource({"big_endian.npy, '>f4'", "unsigned.npy, '<u2'"})
    void refusesElementTypesThatTensorsDoNotHave(String name, String descr) {
        assertThatThrownBy(() -> Npy.read(golden(name)))
                .isInstanceOf(FormatException.class)
                .hasMessageContainingAll(name, descr, "astype");
    }

    @Test
    void everyTruncationIsRefusedInOneLine() throws IOException {
        byte[] whole = Files.readAllBytes(golden("c_order.npy"));
        Path file = folder.resolve("cut.npy");
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Npy.read(file))
                    .as("cut to %d bytes", length)
                    .isInstanceOf(FormatException.class)
                    .message()
                    .startsWith(file.toString())
                    .doesNotContain("\n");
        }
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertThatThrownBy(() -> Npy.read(file)).isInstanceOf(FormatException.class);
    }

    @Test
    void refusesOtherFilesAndMissingOnes() throws IOException {
        Path file = Files.writeString(folder.resolve("x.npy"), "PK is not the beginning of an array");
        assertThatThrownBy(() -> Npy.read(file)).hasMessageContaining("not an npy file");
        assertThatThrownBy(() -> Npy.read(folder.resolve("no.npy")))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("no such file");
    }

    @Test
    void refusesTypesThatTheFormatLacks() {
        try (Scope scope = Scope.open()) {
            Tensor half = Tensor.zeros(DType.BF16, Device.CPU, 2);
            assertThatThrownBy(() -> Npy.write(folder.resolve("b.npy"), half)).hasMessageContaining("BF16");
        }
        assertThat(folder).isEmptyDirectory();
    }

    private static Path golden(String name) {
        return Golden.file(NpyTest.class, name);
    }
}
