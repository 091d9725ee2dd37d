package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images that lie on a CUDA device against those that are moved there. */
@Tag("gpu")
@NoLeaks
class CudaRowsTest {
    private static final Device GPU = Device.cuda(0);

    @TempDir
    Path folder;

    @TempDir
    Path cache;

    @Test
    void imagesThatFindRoomOnTheDeviceGiveTheSameBatches() throws IOException {
        Fixtures.folder(folder.resolve("train"), 9, "a", "b");
        assertThat(GPU.freeBytes()).isPositive();
        try (DataSets sets = Datasets.open(folder, Fixtures.options(cache));
                Scope scope = Scope.open()) {
            CachedImages images = (CachedImages) sets.train();
            long before = Scope.liveTensors();
            RowGather resident = images.gather(GPU);
            assertThat(Scope.liveTensors()).isEqualTo(before + 1);
            int[] rows = {17, 0, 3, 3};
            byte[] there = resident.take(rows).toBytes();
            assertThat(there).isEqualTo(images.gather(Device.CPU).take(rows).toBytes());
            assertThat(resident.take(rows).device()).isEqualTo(GPU);
        }
    }
}
