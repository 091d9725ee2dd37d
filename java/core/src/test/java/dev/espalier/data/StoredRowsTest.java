package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NoLeaks
class StoredRowsTest {
    private static final Shape SHAPE = Shape.of(2, 3);

    @TempDir
    Path folder;

    private StoredRows rows;

    /** Five rows of the numbers 0, 1, 2 ... as they follow. */
    @BeforeEach
    void write() throws IOException {
        try (EntryWriter entry = new EntryWriter(folder)) {
            CheckedFile file = entry.create("x.npy", Npy.DATA);
            for (int row = 0; row < 5; row++) {
                ByteBuffer numbers = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < 6; i++) {
                    numbers.putInt(6 * row + i);
                }
                file.write(numbers.flip());
            }
            file.finish(StoredRows.npy(DType.I32, SHAPE, 5).encode());
            entry.finish(CacheFacts.create().put("version", 1));
        }
        // Two rows in a piece, one in the last.
        rows = new StoredRows(new EntryReader(folder, 1), "x.npy", DType.I32, SHAPE, 5, 60);
    }

    @AfterEach
    void close() {
        rows.close();
    }

    private static void assertGathers(RowGather gather) {
        try (Scope scope = Scope.open()) {
            Tensor taken = gather.take(new int[] {4, -1, 0, 4});
            assertThat(taken.dtype()).isEqualTo(DType.I32);
            assertThat(taken.shape()).isEqualTo(Shape.of(4, 2, 3));
            assertThat(taken.toLongArray())
                    .containsExactly(
                            24, 25, 26, 27, 28, 29, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 24, 25, 26, 27, 28, 29);
            assertThat(gather.take(new int[] {1, 2, 3}).toLongArray())
                    .containsExactly(LongStream.range(6, 24).toArray());
            assertThat(gather.take(new int[] {-1}).toLongArray())
                    .containsOnly(0)
                    .hasSize(6);
        }
    }

    @Test
    void rowsAreGatheredInOrderAndMissingOnesAreZeros() {
        assertGathers(rows.gather(Device.CPU));
    }

    @Test
    void aCopyOnADeviceGivesTheSameAndGoesWithTheRows() {
        long before = Scope.liveTensors();
        rows.reside(Device.CPU);
        rows.reside(Device.CPU);
        assertThat(Scope.liveTensors()).isEqualTo(before + 1);
        RowGather gather = rows.gather(Device.CPU);
        assertGathers(gather);
        try (Scope scope = Scope.open()) {
            Tensor first = gather.take(new int[] {1});
            Tensor second = gather.take(new int[] {2});
            // Not shared, as rows in a staging buffer would be.
            assertThat(first.toLongArray()).startsWith(6);
            assertThat(second.toLongArray()).startsWith(12);
        }
        rows.close();
        assertThat(Scope.liveTensors()).isEqualTo(before);
    }

    @Test
    void copiesTakeAQuarterOfWhatWouldBeFreeWithoutThem() {
        assertThat(Residence.fits(25, 100, 0)).isTrue();
        assertThat(Residence.fits(26, 100, 0)).isFalse();
        assertThat(Residence.fits(5, 80, 20)).isTrue();
        assertThat(Residence.fits(6, 80, 20)).isFalse();
    }

    @Test
    void closedRowsAndRowsThatAreNotThereAreRefused() {
        for (int row : List.of(-1, 5)) {
            assertThatThrownBy(() -> rows.row(row)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        rows.close();
        rows.close();
        assertThatThrownBy(() -> rows.row(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the data set is closed");
    }
}
