package dev.espalier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecodedCacheTest {
    @TempDir
    Path folder;

    @TempDir
    Path cache;

    @BeforeEach
    void images() throws IOException {
        Fixtures.folder(folder.resolve("train"), 8, "a", "b");
    }

    private DataSets open(DataListener listener, OnCorrupt onCorrupt) {
        DataOptions options = Fixtures.options(cache)
                .withListener(listener)
                .withDecoding(Decoding.defaults().withOnCorrupt(onCorrupt));
        return Datasets.open(folder, options);
    }

    /** The number of images decoded by opening the set once more. */
    private int decodes() {
        Fixtures.Recorder recorder = new Fixtures.Recorder();
        open(recorder, OnCorrupt.SKIP).close();
        return recorder.decoded;
    }

    private Path entry() throws IOException {
        try (Stream<Path> inside = Files.list(cache)) {
            return inside.filter(Files::isDirectory).findFirst().orElseThrow();
        }
    }

    @Test
    void secondOpeningDecodesNothing() {
        assertThat(decodes()).isEqualTo(16);
        assertThat(decodes()).isZero();
    }

    @Test
    void changedFileIsDecodedAgain() throws IOException {
        assertThat(decodes()).isEqualTo(16);
        Fixtures.write(folder.resolve("train/b/extra.png"), Fixtures.encode(Fixtures.colour(77, 6, 8), "png"));
        assertThat(decodes()).isEqualTo(17);
    }

    @ParameterizedTest
    @ValueSource(strings = {"images.npy", "labels.npy", "moments.npy", "names.txt", "about.properties"})
    void truncatedOrFlippedFileIsNoticedAndMadeAgain(String name) throws IOException {
        assertThat(decodes()).isEqualTo(16);
        Path file = entry().resolve(name);
        byte[] good = Files.readAllBytes(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(good.length / 2);
        }
        assertThat(decodes()).isEqualTo(16);
        byte[] flipped = Files.readAllBytes(file);
        flipped[flipped.length - 3] ^= 1;
        Files.write(file, flipped);
        assertThat(decodes()).isEqualTo(16);
        Files.delete(file);
        assertThat(decodes()).isEqualTo(16);
        assertThat(decodes()).isZero();
    }

    @Test
    void leftoversOfAKilledRunAreCleared() throws IOException {
        assertThat(decodes()).isEqualTo(16);
        Path whole = entry();
        Files.move(whole, whole.resolveSibling(whole.getFileName() + ".tmp"));
        assertThat(decodes()).isEqualTo(16);
        try (Stream<Path> inside = Files.list(cache)) {
            assertThat(inside.filter(Files::isDirectory)).containsExactly(whole);
        }
    }

    @Test
    void imagesAreANumpyFile() throws IOException {
        open(DataListener.silent(), OnCorrupt.SKIP).close();
        byte[] file = Files.readAllBytes(entry().resolve("images.npy"));
        assertThat(file).hasSize(128 + 16 * 3 * 6 * 8);
        assertThat(new String(file, 10, 118, StandardCharsets.ISO_8859_1))
                .startsWith("{'descr': '|u1', 'fortran_order': False, 'shape': (16, 3, 6, 8), }")
                .endsWith("\n");
    }

    @Test
    void corruptImageAmongManyIsNamedSkippedAndCountedEveryTime() throws IOException {
        byte[] jpeg = Fixtures.encode(Fixtures.colour(5, 6, 8), "jpg");
        Fixtures.write(folder.resolve("train/a/cut.jpg"), Arrays.copyOf(jpeg, jpeg.length / 2));
        Fixtures.write(folder.resolve("train/b/text.jpeg"), "hello, this is no image".getBytes(StandardCharsets.UTF_8));
        for (int time = 0; time < 2; time++) {
            Fixtures.Recorder recorder = new Fixtures.Recorder();
            try (DataSets sets = open(recorder, OnCorrupt.SKIP)) {
                assertThat(sets.train().size()).isEqualTo(16);
                assertThat(sets.skipped())
                        .extracting(Skipped::name)
                        .containsExactly("train/a/cut.jpg", "train/b/text.jpeg");
                assertThat(sets.skipped()).extracting(Skipped::reason).allMatch(reason -> !reason.isBlank());
                assertThat(recorder.skipped).isEqualTo(sets.skipped());
                assertThat(recorder.notes).anyMatch(note -> note.startsWith("2 corrupt images skipped"));
                assertThat(Fixtures.read(sets.train(), 8)).isEqualTo(Fixtures.planes(8, 3, 6, 8));
            }
        }
    }

    @Test
    void corruptImageIsRefusedWhenAskedWithAndWithoutCache() throws IOException {
        Fixtures.write(folder.resolve("train/a/empty.png"), new byte[0]);
        for (int time = 0; time < 2; time++) {
            assertThatThrownBy(() -> open(DataListener.silent(), OnCorrupt.FAIL))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("train/a/empty.png")
                    .hasMessageContaining("the file is empty");
            open(DataListener.silent(), OnCorrupt.SKIP).close();
        }
        assertThat(List.of(cache.toFile().list())).noneMatch(name -> name.endsWith(".tmp"));
    }

    @Test
    void classOfCorruptImagesOnlyIsRefused() throws IOException {
        Fixtures.write(folder.resolve("train/c/bad.png"), new byte[10]);
        assertThatThrownBy(() -> open(DataListener.silent(), OnCorrupt.SKIP))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("class 'c' of train");
    }

    @Test
    void unwritableCacheFolderIsRefusedByName() throws IOException {
        Path file = Files.writeString(cache.resolve("file"), "in the way");
        assertThatThrownBy(() -> Datasets.open(folder, Fixtures.options(file.resolve("inside"))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("cache folder " + file)
                .hasMessageContaining("--cache");
    }
}
