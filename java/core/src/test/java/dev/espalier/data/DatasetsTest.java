package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.runtime.Shape;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NoLeaks
class DatasetsTest {
    @TempDir
    Path folder;

    @TempDir
    Path cache;

    @Test
    void folderPerClassWithTest() throws IOException {
        Fixtures.folder(folder.resolve("train"), 3, "zebra", "ant");
        Fixtures.folder(folder.resolve("test"), 1, "ant");
        Files.writeString(folder.resolve("train/ant/notes.txt"), "not an image");
        Files.writeString(folder.resolve("train/ant/.hidden.png"), "not an image");
        try (DataSets sets = Datasets.open(folder, Fixtures.options(cache))) {
            assertThat(sets.classes()).containsExactly("ant", "zebra");
            assertThat(sets.train().labels()).containsExactly(0, 0, 0, 1, 1, 1);
            assertThat(sets.images().imageShape()).isEqualTo(Shape.of(3, 6, 8));
            assertThat(sets.train().name(3)).isEqualTo("train/zebra/000.png");
            // The fixture numbers images from zebra on.
            assertThat(Fixtures.read(sets.train(), 3)).isEqualTo(Fixtures.planes(0, 3, 6, 8));
            assertThat(Fixtures.read(sets.train(), 2)).isEqualTo(Fixtures.planes(5, 3, 6, 8));
            assertThat(sets.validation()).isEmpty();
            assertThat(sets.test().orElseThrow().size()).isEqualTo(1);
        }
    }

    @Test
    void classFoldersAlone() throws IOException {
        Fixtures.folder(folder, 2, "a", "b");
        Fixtures.Recorder recorder = new Fixtures.Recorder();
        try (DataSets sets = Datasets.open(folder, Fixtures.options(cache).withListener(recorder))) {
            assertThat(sets.train().size()).isEqualTo(4);
            assertThat(sets.test()).isEmpty();
            assertThat(recorder.notes).anyMatch(note -> note.contains("no test split"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"validation", "val", "valid"})
    void validationFolder(String name) throws IOException {
        Fixtures.folder(folder.resolve("train"), 2, "a", "b");
        Fixtures.folder(folder.resolve(name), 1, "a", "b");
        try (DataSets sets = Datasets.open(folder, Fixtures.options(cache).withValidation(0.5, 1))) {
            assertThat(sets.train().size()).isEqualTo(4);
            assertThat(sets.validation().orElseThrow().size()).isEqualTo(2);
        }
    }

    @Test
    void cifar10() throws IOException {
        Fixtures.cifar(folder.resolve("cifar-10-batches-bin/data_batch_1.bin"), 12, 10, false);
        Fixtures.cifar(folder.resolve("cifar-10-batches-bin/data_batch_2.bin"), 3, 10, false);
        Fixtures.cifar(folder.resolve("cifar-10-batches-bin/test_batch.bin"), 5, 10, false);
        try (DataSets sets = Datasets.open(folder, Fixtures.options(cache))) {
            assertThat(sets.train().size()).isEqualTo(15);
            assertThat(sets.classes()).hasSize(10);
            assertThat(sets.train().labels()).startsWith(0, 1, 2).endsWith(0, 1, 2);
            assertThat(sets.train().name(13)).isEqualTo("data_batch_2.bin#1");
            assertThat(Fixtures.read(sets.train(), 13)).isEqualTo(Fixtures.planes(1, 3, 32, 32));
            assertThat(sets.test().orElseThrow().size()).isEqualTo(5);
        }
    }

    @Test
    void cifar100CountsFineLabels() throws IOException {
        Fixtures.cifar(folder.resolve("train.bin"), 6, 100, true);
        try (DataSets sets = Datasets.open(folder, Fixtures.options(cache))) {
            assertThat(sets.classes()).hasSize(100);
            assertThat(sets.train().labels()).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(Fixtures.read(sets.train(), 5)).isEqualTo(Fixtures.planes(5, 3, 32, 32));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void idx(boolean packed) throws IOException {
        Fixtures.idx(folder, "train", 7, packed);
        Fixtures.idx(folder, "t10k", 3, packed);
        try (DataSets sets = Datasets.open(folder, Fixtures.options(cache))) {
            assertThat(sets.images().imageShape()).isEqualTo(Shape.of(1, 5, 4));
            assertThat(sets.classes()).containsExactly("0", "1", "2");
            assertThat(sets.train().labels()).containsExactly(0, 1, 2, 0, 1, 2, 0);
            assertThat(Fixtures.read(sets.train(), 6)).isEqualTo(Fixtures.planes(6, 1, 5, 4));
            assertThat(sets.test().orElseThrow().size()).isEqualTo(3);
        }
    }

    @Test
    void sameImagesHaveOneFingerprintWhereverTheyLie() throws IOException {
        Fixtures.folder(folder.resolve("a/train"), 2, "x", "y");
        Fixtures.folder(folder.resolve("b/train"), 2, "x", "y");
        Fixtures.folder(folder.resolve("c/train"), 3, "x", "y");
        Set<String> fingerprints = new HashSet<>();
        for (String name : List.of("a", "b", "c")) {
            try (DataSets sets = Datasets.open(folder.resolve(name), Fixtures.options(cache))) {
                fingerprints.add(sets.train().fingerprint());
            }
        }
        assertThat(fingerprints).hasSize(2).allMatch(text -> text.matches("[0-9a-f]{64}"));
    }

    @Test
    void heldOutSplitIsStratifiedDisjointAndDeterministic() throws IOException {
        Fixtures.folder(folder.resolve("train"), 10, "a", "b", "c");
        DataOptions options = Fixtures.options(cache).withValidation(0.2, 5);
        Set<String> names = new HashSet<>();
        List<String> held = heldOut(options);
        try (DataSets sets = Datasets.open(folder, options)) {
            Source validation = sets.validation().orElseThrow();
            assertThat(validation.labels()).containsExactly(0, 0, 1, 1, 2, 2);
            assertThat(sets.train().size()).isEqualTo(24);
            for (int i = 0; i < 24; i++) {
                names.add(sets.train().name(i));
            }
        }
        assertThat(names).hasSize(24).doesNotContainAnyElementsOf(held);
        assertThat(heldOut(options)).isEqualTo(held);
        assertThat(heldOut(options.withValidation(0.2, 6))).isNotEqualTo(held);
    }

    private List<String> heldOut(DataOptions options) {
        try (DataSets sets = Datasets.open(folder, options)) {
            Source validation = sets.validation().orElseThrow();
            return IntStream.range(0, validation.size())
                    .mapToObj(validation::name)
                    .toList();
        }
    }

    @Test
    void statisticsAreThoseOfTheTrainingRowsAlone() throws IOException {
        Fixtures.folder(folder.resolve("train"), 10, "a", "b");
        try (DataSets sets = Datasets.open(folder, Fixtures.options(cache).withValidation(0.3, 5))) {
            int plane = 6 * 8;
            for (int c = 0; c < 3; c++) {
                double sum = 0;
                double squares = 0;
                for (int i = 0; i < sets.train().size(); i++) {
                    byte[] bytes = Fixtures.read(sets.train(), i);
                    for (int k = c * plane; k < (c + 1) * plane; k++) {
                        double value = (bytes[k] & 0xFF) / 255.0;
                        sum += value;
                        squares += value * value;
                    }
                }
                double mean = sum / (plane * sets.train().size());
                double std = Math.sqrt(squares / (plane * sets.train().size()) - mean * mean);
                assertThat(sets.statistics().mean().get(c)).isCloseTo((float) mean, within(Math.ulp(1f)));
                assertThat(sets.statistics().std().get(c)).isCloseTo((float) std, within(Math.ulp(1f)));
            }
        }
    }

    @Test
    void resizesAndConvertsWhenAsked() throws IOException {
        Fixtures.write(folder.resolve("train/a/1.png"), Fixtures.encode(Fixtures.colour(1, 6, 8), "png"));
        Fixtures.write(folder.resolve("train/a/2.png"), Fixtures.encode(Fixtures.colour(2, 9, 4), "png"));
        Decoding decoding = Decoding.defaults().withSize(ImageSize.parse("3x4")).withChannels(1);
        try (DataSets sets = Datasets.open(folder, Fixtures.options(cache).withDecoding(decoding))) {
            assertThat(sets.images().imageShape()).isEqualTo(Shape.of(1, 3, 4));
        }
    }

    @Test
    void oddSizeIsRefusedByName() throws IOException {
        Fixtures.folder(folder.resolve("train"), 2, "a");
        Fixtures.write(folder.resolve("train/b/odd.png"), Fixtures.encode(Fixtures.colour(2, 9, 4), "png"));
        refused("train/b/odd.png", "expected size 6x8", "train/a/000.png", "got 9x4", "--image-size");
    }

    @Test
    void missingAndEmptyFoldersAreRefusedByName() throws IOException {
        assertThatThrownBy(() -> Datasets.open(folder.resolve("nowhere"), Fixtures.options(cache)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("nowhere")
                .hasMessageContaining("got nothing");
        refused(folder.toString(), "got none of them");
        Files.createDirectories(folder.resolve("train"));
        refused("train", "one folder per class");
        Fixtures.folder(folder.resolve("train"), 1, "full");
        Files.createDirectories(folder.resolve("train/empty"));
        refused("train/empty", "at least one .jpg");
        Files.delete(folder.resolve("train/empty"));
        Fixtures.folder(folder.resolve("test"), 1, "unknown");
        refused("test/unknown", "training classes full");
    }

    @Test
    void damagedRecordFilesAreRefusedByName() throws IOException {
        Path batch = Fixtures.write(folder.resolve("data_batch_1.bin"), new byte[3073 + 5]);
        refused("data_batch_1.bin", "multiple of the record of 3073 bytes", "got 3078");
        byte[] record = new byte[3073];
        record[0] = 11;
        Files.write(batch, record);
        refused("data_batch_1.bin#0", "label below 10", "got 11");
        Files.delete(batch);
        Fixtures.idx(folder, "train", 4, false);
        Path images = folder.resolve("train-images-idx3-ubyte");
        byte[] good = Files.readAllBytes(images);
        byte[] bad = good.clone();
        bad[3] = 1;
        Files.write(images, bad);
        refused("train-images-idx3-ubyte", "magic number 2051", "got 2049");
        Files.write(images, Arrays.copyOf(good, good.length - 1));
        refused("train-images-idx3-ubyte", "ends early");
        Files.write(images, good);
        Files.delete(folder.resolve("train-labels-idx1-ubyte"));
        refused("train-labels-idx1-ubyte", "got none");
    }

    private void refused(String... parts) {
        assertThatThrownBy(() -> Datasets.open(folder, Fixtures.options(cache)))
                .isInstanceOf(DataException.class)
                .satisfies(failure ->
                        assertThat(failure.getMessage()).contains(parts).doesNotContain("\n"));
    }
}
