package dev.espalier.manifest.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.Skipped;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.ManifestFile;
import dev.espalier.manifest.check.Finding.Severity;
import dev.espalier.manifest.table.TableOptions;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckTest {
    @TempDir
    Path root;

    private CheckReport check() {
        return Check.run(Subject.images(root), 5, DataListener.silent());
    }

    private CheckReport check(Map<String, String> columns, String... lines) throws IOException {
        Files.write(root.resolve("m.csv"), List.of(lines));
        List<Skipped> unusable = new ArrayList<>();
        DataListener listener = new DataListener() {
            @Override
            public void skipped(Skipped row) {
                unusable.add(row);
            }
        };
        TableOptions options = TableOptions.defaults().withListener(listener);
        Manifest manifest = ManifestFile.read(Map.of("files", "m.csv", "columns", columns), root, options);
        return Check.run(Subject.rows(manifest, unusable), 5, DataListener.silent());
    }

    private void image(String name, int number) throws IOException {
        Pictures.write(root.resolve(name), number);
    }

    private void soundFolder() throws IOException {
        for (int i = 0; i < 3; i++) {
            image("train/cat/" + i + ".png", i);
            image("train/dog/" + i + ".png", 10 + i);
        }
        image("validation/cat/0.png", 20);
        image("validation/dog/0.png", 21);
        image("test/cat/0.png", 30);
        image("test/dog/0.png", 31);
    }

    private static Finding finding(CheckReport report, String kind) {
        return report.findings().stream()
                .filter(finding -> finding.kind().equals(kind))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no finding of kind " + kind + " among " + report.findings()));
    }

    @Test
    void soundDataHasCountsAndNoFindings() throws IOException {
        soundFolder();
        image("train/dog/more.png", 40);
        CheckReport report = check();
        assertThat(report.findings()).isEmpty();
        assertThat(report.sound()).isTrue();
        assertThat(report.splits())
                .containsExactly(
                        new SplitFacts("train", 7, Map.of("cat", 3L, "dog", 4L), 4 / 3.0),
                        new SplitFacts("validation", 2, Map.of("cat", 1L, "dog", 1L), 1.0),
                        new SplitFacts("test", 2, Map.of("cat", 1L, "dog", 1L), 1.0));
    }

    @Test
    void theSamePixelsInTwoSplitsAreALeakWhateverTheFile() throws IOException {
        soundFolder();
        Files.write(root.resolve("test/dog/9.png"), withText(Files.readAllBytes(root.resolve("train/dog/1.png"))));
        Finding leak = finding(check(), "leak");
        assertThat(leak.severity()).isEqualTo(Severity.ERROR);
        assertThat(leak.what()).isEqualTo("samples that stand in train and in test");
        assertThat(leak.examples()).containsExactly("test/dog/9.png = train/dog/1.png");
    }

    /** The PNG file with a comment before its end: other bytes, the same pixels. */
    private static byte[] withText(byte[] png) {
        byte[] chunk = {0, 0, 0, 2, 't', 'E', 'X', 't', 'a', 0};
        CRC32 crc = new CRC32();
        crc.update(chunk, 4, 6);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(png, 0, png.length - 12);
        out.writeBytes(chunk);
        for (int shift = 24; shift >= 0; shift -= 8) {
            out.write((int) (crc.getValue() >>> shift));
        }
        out.write(png, png.length - 12, 12);
        return out.toByteArray();
    }

    @Test
    void sameSumsOfPixelsAreNotTheSamePicture() throws IOException {
        Pictures.write(root.resolve("train/a/0.png"), 1, 6, 4, BufferedImage.TYPE_BYTE_GRAY);
        Pictures.write(root.resolve("train/b/0.png"), 1, 4, 6, BufferedImage.TYPE_BYTE_GRAY);
        assertThat(check().findings()).isEmpty();
    }

    @Test
    void repeatsWithinASplitContradictOrOnlyRepeat() throws IOException {
        soundFolder();
        image("train/cat/again.png", 1);
        image("train/dog/as-cat.png", 0);
        CheckReport report = check();
        assertThat(report.sound()).isFalse();
        assertThat(finding(report, "conflict").examples())
                .containsExactly("train/dog/as-cat.png (dog) = train/cat/0.png (cat)");
        assertThat(finding(report, "repeat"))
                .isEqualTo(new Finding(
                        Severity.WARNING,
                        "repeat",
                        "samples that stand in train before",
                        1,
                        List.of("train/cat/again.png = train/cat/1.png")));
    }

    @Test
    void damagedFilesAreNamedWithTheirReasons() throws IOException {
        soundFolder();
        byte[] png = Files.readAllBytes(root.resolve("train/cat/0.png"));
        Files.write(root.resolve("train/cat/0.png"), Arrays.copyOf(png, png.length - 20));
        Files.writeString(root.resolve("train/cat/1.png"), "");
        CheckReport report = check();
        Finding corrupt = finding(report, "corrupt");
        assertThat(corrupt.count()).isEqualTo(2);
        assertThat(corrupt.severity()).isEqualTo(Severity.ERROR);
        assertThat(corrupt.examples().get(0)).startsWith("train/cat/0.png: ");
        assertThat(corrupt.examples().get(1)).isEqualTo("train/cat/1.png: the file is empty");
        assertThat(report.findings()).hasSize(1);
    }

    @Test
    void classesThatASplitLacksAreTold() throws IOException {
        soundFolder();
        image("train/eel/0.png", 50);
        CheckReport report = check();
        assertThat(report.sound()).isTrue();
        assertThat(report.findings())
                .extracting(Finding::what)
                .containsExactly("classes without a sample in validation", "classes without a sample in test");
        assertThat(report.splits().get(1).labels()).containsEntry("eel", 0L);
        assertThat(report.splits().get(1).balance()).isEqualTo(1);
    }

    @Test
    void filesThatNothingRefersToAreCounted() throws IOException {
        soundFolder();
        Files.writeString(root.resolve("train/cat/notes.txt"), "x");
        image("holdout/cat/0.png", 60);
        image(".cache/cat/0.png", 61);
        Files.writeString(root.resolve("train/.DS_Store"), "x");
        Finding unreferenced = finding(check(), "unreferenced");
        assertThat(unreferenced.severity()).isEqualTo(Severity.WARNING);
        assertThat(unreferenced.examples()).containsExactlyInAnyOrder("train/cat/notes.txt", "holdout/cat/0.png");
    }

    @Test
    void recordsOfCifarAreCompared() throws IOException {
        byte[] batch = new byte[3 * 3073];
        batch[3073] = 1;
        batch[3074] = 5;
        batch[2 * 3073] = 2;
        batch[2 * 3073 + 1] = 9;
        Files.write(root.resolve("data_batch_1.bin"), batch);
        byte[] test = new byte[3073];
        test[0] = 1;
        test[1] = 9;
        Files.write(root.resolve("test_batch.bin"), test);
        Finding leak = finding(check(), "leak");
        assertThat(leak.examples()).containsExactly("test_batch.bin#0 (1) = data_batch_1.bin#2 (2)");
    }

    @Test
    void noMoreExamplesThanAskedFor() throws IOException {
        soundFolder();
        for (int i = 0; i < 3; i++) {
            image("test/cat/copy" + i + ".png", i);
        }
        CheckReport report = Check.run(Subject.images(root), 2, DataListener.silent());
        assertThat(finding(report, "leak").count()).isEqualTo(3);
        assertThat(finding(report, "leak").examples()).hasSize(2);
    }

    @Test
    void rowsAreTheSameIfAllTheirInputsAre() throws IOException {
        image("a.png", 1);
        image("b.png", 2);
        CheckReport report = check(
                Map.of("image", "image", "words", "text", "label", "label", "split", "split"),
                "image,words,label,split",
                "a.png,a cat,cat,train",
                "a.png,no cat,dog,train",
                "b.png,a cat,cat,train",
                "b.png,a cat,dog,train",
                "a.png,a dog,dog,test");
        assertThat(report.findings()).extracting(Finding::kind).containsExactly("conflict", "leak", "class");
        assertThat(finding(report, "conflict").examples()).containsExactly("m.csv, line 5 (dog) = m.csv, line 4 (cat)");
        assertThat(finding(report, "leak").what()).isEqualTo("files in image that stand in train and in test");
    }

    @Test
    void missingCellsUnusableRowsAndSpreadGroupsAreTold() throws IOException {
        CheckReport report = check(
                Map.of("age", "numeric", "speaker", "group", "label", "label", "split", "split"),
                "age,speaker,label,split",
                "1,ann,a,train",
                "NA,bob,b,train",
                "3,cid,,train",
                ",ann,a,test",
                "5,dan,b,test",
                "6,ann,b,test");
        assertThat(report.missing())
                .containsExactly(new MissingFacts("age", "train", 1, 2), new MissingFacts("age", "test", 1, 3));
        assertThat(finding(report, "unusable").examples()).containsExactly("m.csv, line 4: expected a label, got none");
        assertThat(finding(report, "group").examples()).containsExactly("ann in train and in test");
        assertThat(report.sound()).isFalse();
    }

    @Test
    void aFolderOfNoLayoutIsRefused() {
        assertThatThrownBy(this::check).isInstanceOf(DataException.class).hasMessageContaining("train/<class>/");
    }
}
