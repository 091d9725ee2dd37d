package dev.espalier.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.runtime.Scope;
import dev.espalier.runtime.Tensor;
import dev.espalier.runtime.testing.NoLeaks;
import dev.espalier.train.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NoLeaks
class SafetensorsCheckpointsTest {
    @TempDir
    Path folder;

    @Test
    void theNewestSnapshotComesBack() {
        SafetensorsCheckpoints store = new SafetensorsCheckpoints(folder.resolve("new/run"), 3);
        try (Scope scope = Scope.open()) {
            assertThat(store.latest()).isEmpty();
            save(store, 1);
            save(store, 2);
            Snapshot latest = store.latest().orElseThrow();
            assertThat(latest.facts()).containsOnlyKeys("fit/epoch", "lr");
            assertThat(latest.integer("fit/epoch")).isEqualTo(2);
            assertThat(latest.tensor("w").toFloatArray()).containsExactly(2, 2, 2);
            assertThat(latest.tensor("masks/0").toBytes()).containsExactly(2, 1);
        }
    }

    @Test
    void onlyTheLastOnesAreKept() throws IOException {
        SafetensorsCheckpoints store = new SafetensorsCheckpoints(folder, 2);
        Files.write(folder.resolve(".checkpoint-00000001.safetensors.ab.tmp"), new byte[3]);
        Files.writeString(folder.resolve("notes.txt"), "mine");
        try (Scope scope = Scope.open()) {
            for (int i = 1; i <= 5; i++) {
                save(store, i);
            }
        }
        assertThat(names())
                .containsExactly("checkpoint-00000004.safetensors", "checkpoint-00000005.safetensors", "notes.txt");
    }

    @Test
    void aTruncatedOrAlteredCheckpointFallsBackToTheOneBefore() throws IOException {
        SafetensorsCheckpoints store = new SafetensorsCheckpoints(folder, 3);
        try (Scope scope = Scope.open()) {
            save(store, 1);
            save(store, 2);
            Path newest = folder.resolve("checkpoint-00000002.safetensors");
            byte[] whole = Files.readAllBytes(newest);
            for (int length : new int[] {0, 7, 8, 100, whole.length - 1}) {
                Files.write(newest, Arrays.copyOf(whole, length));
                assertThat(store.latest().orElseThrow().integer("fit/epoch")).isEqualTo(1);
            }
            for (int at = 8; at < whole.length; at += 5) {
                byte[] altered = whole.clone();
                altered[at] ^= 1;
                Files.write(newest, altered);
                assertThat(store.latest().orElseThrow().integer("fit/epoch"))
                        .as("bit flipped at %d", at)
                        .isEqualTo(1);
            }
            Files.write(newest, whole);
            assertThat(store.latest().orElseThrow().integer("fit/epoch")).isEqualTo(2);
        }
    }

    @Test
    void theChecksumsNameIsReserved() {
        SafetensorsCheckpoints store = new SafetensorsCheckpoints(folder, 2);
        Snapshot snapshot = new Snapshot.Builder().fact("espalier.sha256", "x").build();
        assertThatThrownBy(() -> store.save(snapshot)).hasMessageContaining("reserved");
        assertThatThrownBy(() -> new SafetensorsCheckpoints(folder, 1)).hasMessageContaining("at least 2");
    }

    private static void save(SafetensorsCheckpoints store, int epoch) {
        try (Scope scope = Scope.open()) {
            store.save(new Snapshot.Builder()
                    .fact("fit/epoch", epoch)
                    .fact("lr", 0.1 / 3)
                    .tensor("w", Tensor.of(new float[] {epoch, epoch, epoch}, 3))
                    .tensor("masks/0", Tensor.of(new byte[] {(byte) epoch, 1}, 2))
                    .build());
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
