package dev.espalier.manifest.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.Ahead;
import dev.espalier.data.Augmentation;
import dev.espalier.data.Batch;
import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.DataSets;
import dev.espalier.data.MixedAugmentation;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Source;
import dev.espalier.data.Statistics;
import dev.espalier.data.Warp;
import dev.espalier.manifest.Heard;
import dev.espalier.model.InputIndices;
import dev.espalier.model.Metadata;
import dev.espalier.runtime.DType;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NoLeaks
class MixedCacheTest {
    private static final Augmentation EVERYTHING = Augmentation.none()
            .withWarp(new Warp(0.2, 0.2, 0.1, 15))
            .withMixed(new MixedAugmentation(0.3, 0.2, 0.1, 0.2, 0.1, 0.1));

    @TempDir
    Path folder;

    private ToyManifest toy;

    @BeforeEach
    void rows() throws IOException {
        toy = new ToyManifest(folder).rows("train", 12).rows("test", 6);
    }

    private DataSets open(Heard told, long seed, Optional<Encoding> encoding) throws IOException {
        return MixedData.open(
                toy.manifest(), new MixedData.Options(encoding, 0.25, seed, OnCorrupt.SKIP, toy.cache(), told));
    }

    private static Encoding encoding(DataSets data) {
        return Encoding.fromJson(Objects.requireNonNull(data.train().facts().get(Encoding.FACT)));
    }

    private Heard opened() throws IOException {
        Heard told = new Heard();
        open(told, 1, Optional.empty()).close();
        return told;
    }

    /** Every number of two epochs. */
    private static List<Map<String, float[]>> all(Source source) {
        return all(source, false);
    }

    private static List<Map<String, float[]>> all(Source source, boolean ahead) {
        List<Map<String, float[]>> seen = new ArrayList<>();
        Batches batches = new Batches(source, BatchOptions.training(5, 3, EVERYTHING, Statistics.none(), Device.CPU));
        for (int epoch = 0; epoch < 2; epoch++) {
            try (Cursor cursor = ahead ? Ahead.of(batches, epoch) : batches.epoch(epoch, 0)) {
                while (cursor.hasNext()) {
                    try (Scope scope = Scope.open()) {
                        Batch batch = cursor.next();
                        Map<String, float[]> numbers = new TreeMap<>();
                        batch.inputs()
                                .forEach((name, input) ->
                                        numbers.put(name, input.to(DType.F32).toFloatArray()));
                        seen.add(numbers);
                    }
                }
            }
        }
        return seen;
    }

    private static void assertSame(List<Map<String, float[]>> got, List<Map<String, float[]>> expected) {
        assertThat(got).hasSameSizeAs(expected);
        for (int i = 0; i < got.size(); i++) {
            assertThat(got.get(i).keySet()).isEqualTo(expected.get(i).keySet());
            for (Map.Entry<String, float[]> input : got.get(i).entrySet()) {
                assertThat(input.getValue())
                        .as(input.getKey())
                        .isEqualTo(expected.get(i).get(input.getKey()));
            }
        }
    }

    /** Other content under the same lengths and times: whoever reads it, fails. */
    private void spoilFiles() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(path -> path.toString().matches(".*\\.(png|wav)"))
                    .toList()) {
                FileTime time = Files.getLastModifiedTime(file);
                Files.write(file, new byte[(int) Files.size(file)]);
                Files.setLastModifiedTime(file, time);
            }
        }
    }

    @Test
    void aSecondOpeningReadsNoFileAndGivesTheSameBatches() throws IOException {
        Heard first = new Heard();
        Heard second = new Heard();
        try (DataSets fresh = open(first, 1, Optional.empty())) {
            assertThat(first.decoded).contains("train image", "train audio", "test text", "test table");
            spoilFiles();
            try (DataSets cached = open(second, 1, Optional.empty())) {
                assertThat(second.decoded).isEmpty();
                assertThat(cached.train().facts()).isEqualTo(fresh.train().facts());
                assertThat(cached.train().fingerprint()).isEqualTo(fresh.train().fingerprint());
                assertSame(all(cached.train()), all(fresh.train()));
                assertSame(all(cached.test().orElseThrow()), all(fresh.test().orElseThrow()));
            }
        }
    }

    @Test
    void rowsThatLieOnTheDeviceOrAreReadAheadGiveTheSameBatches() throws IOException {
        try (DataSets staged = open(new Heard(), 1, Optional.empty());
                DataSets resident = open(new Heard(), 1, Optional.empty())) {
            MixedSource train = (MixedSource) resident.train();
            train.parts().forEach(part -> part.stored().reside(Device.CPU));
            assertSame(all(train), all(staged.train()));
            assertSame(all(train, true), all(staged.train()));
            assertSame(all(staged.train(), true), all(staged.train()));
            assertSame(
                    all(resident.validation().orElseThrow()),
                    all(staged.validation().orElseThrow()));
            int[] some = {7, 3, 3};
            assertSame(all(train.rows(some)), all(staged.train().rows(some)));
        }
    }

    @Test
    void anotherHoldOutDecodesNoFileAgain() throws IOException {
        opened();
        spoilFiles();
        Encoding encoding;
        try (DataSets data = open(new Heard(), 1, Optional.empty())) {
            encoding = encoding(data);
        }
        Heard other = new Heard();
        open(other, 2, Optional.of(encoding)).close();
        assertThat(other.decoded).isEmpty();
        assertThat(other.skipped).isEmpty();
    }

    @Test
    void aModelThatTakesFewerBinsHearsTheSameSounds() throws IOException {
        Encoding encoding;
        try (DataSets data = open(new Heard(), 1, Optional.empty())) {
            encoding = encoding(data);
        }
        Metadata fewer = InputIndices.kept(
                Metadata.NONE.with(Encoding.FACT, encoding.toJson()), "audio", 1, new int[] {0, 3, 4});
        Heard told = new Heard();
        try (DataSets data = open(told, 1, Encoding.of(fewer))) {
            assertThat(told.decoded).isEmpty();
            BatchOptions one = BatchOptions.evaluation(1, data.statistics(), Device.CPU);
            try (Scope scope = Scope.open();
                    Cursor cursor = new Batches(data.train(), one).epoch(0, 0)) {
                assertThat(cursor.next().input("audio").size(1)).isEqualTo(3);
            }
        }
    }

    @Test
    void aChangedFileOrCellIsEncodedAgain() throws IOException {
        opened();
        toy.picture("train3", false);
        Files.setLastModifiedTime(folder.resolve("train3.png"), FileTime.fromMillis(1_000_000));
        assertThat(opened().decoded).contains("train image").doesNotContain("test image", "train audio", "train table");
        toy.row("x,test,low,,,down again,41,black,south");
        assertThat(opened().decoded)
                .contains("test text", "test table")
                .doesNotContain("train image", "train text", "test image");
        assertThat(opened().decoded).isEmpty();
    }

    @Test
    void aDamagedCacheIsMadeAgain() throws IOException {
        opened();
        try (Stream<Path> entries = Files.list(toy.cache())) {
            for (Path entry : entries.filter(Files::isDirectory).toList()) {
                Path rows = entry.resolve("rows.npy");
                Path damaged = Files.exists(rows) ? rows : entry.resolve("about.properties");
                byte[] bytes = Files.readAllBytes(damaged);
                bytes[bytes.length - 2] ^= 1;
                Files.write(damaged, bytes);
            }
        }
        Heard again = opened();
        // Four modalities of two splits, and what was learnt from pictures and from sounds.
        assertThat(again.notes.stream().filter(note -> note.contains("is damaged")))
                .hasSize(10);
        assertThat(again.decoded).contains("train image", "train audio", "train text", "train table", "test image");
        assertThat(again.skipped).isEmpty();
        assertThat(opened().decoded).isEmpty();
    }

    @Test
    void rowsThatCannotBeUsedAreNamedEveryTime() throws IOException {
        Files.writeString(folder.resolve("bad.png"), "no picture");
        Files.write(folder.resolve("bad.wav"), new byte[50]);
        toy.row("p,train,low,bad.png,,words,41,black,south")
                .row("s,test,low,,bad.wav,words,41,black,south")
                .row("n,train,low,,,words,1e,black,south");
        Heard first = opened();
        assertThat(first.skipped).hasSize(3);
        Heard second = opened();
        assertThat(second.decoded).isEmpty();
        assertThat(second.skipped).isEqualTo(first.skipped);
        assertThatThrownBy(() -> MixedData.open(
                        toy.manifest(),
                        new MixedData.Options(
                                Optional.empty(), 0.25, 1, OnCorrupt.FAIL, toy.cache(), DataListener.silent())))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("manifest.csv, line ")
                .hasMessageContaining("leave such rows out");
    }
}
