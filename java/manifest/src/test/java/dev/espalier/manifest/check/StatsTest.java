package dev.espalier.manifest.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.espalier.data.DataListener;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.ManifestFile;
import dev.espalier.manifest.table.TableOptions;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatsTest {
    @TempDir
    Path root;

    private ColumnStats only(Map<String, String> columns, String... lines) throws IOException {
        return Stats.of(subject(columns, lines), DataListener.silent())
                .columns()
                .get(0);
    }

    private Subject subject(Map<String, String> columns, String... lines) throws IOException {
        Files.write(root.resolve("m.csv"), List.of(lines));
        Manifest manifest =
                ManifestFile.read(Map.of("files", "m.csv", "columns", columns), root, TableOptions.defaults());
        return Subject.rows(manifest, List.of());
    }

    private static <D extends ColumnStats.Detail> D detail(Class<D> type, ColumnStats column) {
        return type.cast(Objects.requireNonNull(column.detail()));
    }

    /** A mono WAV file of 16-bit samples that are all {@code value}. */
    private void sound(String name, int rate, int samples, int value) throws IOException {
        ByteBuffer wav = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
        wav.putInt(0x46464952).putInt(36 + 2 * samples).putInt(0x45564157);
        wav.putInt(0x20746D66).putInt(16).putShort((short) 1).putShort((short) 1);
        wav.putInt(rate).putInt(2 * rate).putShort((short) 2).putShort((short) 16);
        wav.putInt(0x61746164).putInt(2 * samples);
        for (int i = 0; i < samples; i++) {
            wav.putShort((short) value);
        }
        Files.write(root.resolve(name), wav.array());
    }

    @Test
    void picturesHaveSizesModesAndMeans() throws IOException {
        Pictures.write(root.resolve("train/a/0.png"), 3, 2, 1, BufferedImage.TYPE_BYTE_GRAY);
        Pictures.write(root.resolve("train/a/1.png"), 7, 2, 1, BufferedImage.TYPE_BYTE_GRAY);
        Pictures.write(root.resolve("train/a/2.png"), 1, 5, 3, BufferedImage.TYPE_INT_RGB);
        Pictures.write(root.resolve("test/a/0.png"), 99, 2, 1, BufferedImage.TYPE_BYTE_GRAY);
        Files.writeString(root.resolve("train/a/bad.png"), "no picture");
        Stats stats = Stats.of(Subject.images(root), DataListener.silent());
        ColumnStats column = stats.columns().get(0);
        assertThat(column)
                .extracting(ColumnStats::present, ColumnStats::missing, ColumnStats::corrupt)
                .containsExactly(5L, 0L, 1L);
        ColumnStats.Images images = detail(ColumnStats.Images.class, column);
        assertThat(images.sizes()).containsExactly(Map.entry("1x2", 3L), Map.entry("3x5", 1L));
        assertThat(images.modes()).containsExactly(Map.entry("grey", 3L), Map.entry("rgb", 1L));
        assertThat(images.widths().greatest()).isEqualTo(5);
        // Grey pixels of training are 3, 4, 7, 8: mean 5.5, variance 4.25.
        assertThat(images.channels().keySet()).containsExactlyInAnyOrder("grey", "rgb");
        assertThat(images.channels()).hasEntrySatisfying("grey", grey -> {
            assertThat(grey.mean().get(0)).isCloseTo(5.5f / 255, within(1e-6f));
            assertThat(grey.std().get(0)).isCloseTo((float) Math.sqrt(4.25) / 255, within(1e-6f));
        });
        assertThat(stats.splits()).extracting(SplitFacts::samples).containsExactly(4L, 1L);
    }

    @Test
    void soundsHaveRatesDurationsAndLevels() throws IOException {
        sound("a.wav", 8000, 4000, 16384);
        sound("b.wav", 8000, 8000, 0);
        sound("c.wav", 16000, 16000, 16384);
        ColumnStats.Sounds sounds = detail(
                ColumnStats.Sounds.class,
                only(Map.of("f", "audio", "label", "label"), "f,label", "a.wav,x", "b.wav,y", "c.wav,x"));
        assertThat(sounds.rates()).containsExactly(Map.entry("8000", 2L), Map.entry("16000", 1L));
        assertThat(sounds.seconds().least()).isEqualTo(0.5);
        assertThat(sounds.seconds().median()).isEqualTo(1);
        assertThat(sounds.silent()).isEqualTo(1);
        // 16384 is half of full scale.
        Quantiles level = Objects.requireNonNull(sounds.level());
        assertThat(level.greatest()).isCloseTo(20 * Math.log10(0.5), within(1e-6));
        assertThat(level.count()).isEqualTo(2);
    }

    @Test
    void theSameSoundInTwoSplitsIsALeakAndADamagedOneIsNamed() throws IOException {
        sound("a.wav", 8000, 400, 5);
        sound("b.wav", 8000, 400, 5);
        sound("slower.wav", 4000, 400, 5);
        Files.writeString(root.resolve("bad.wav"), "RIFF");
        CheckReport report = Check.run(
                subject(
                        Map.of("f", "audio", "label", "label", "split", "split"),
                        "f,label,split",
                        "a.wav,x,train",
                        "bad.wav,x,train",
                        "slower.wav,x,test",
                        "b.wav,x,test"),
                5,
                DataListener.silent());
        assertThat(report.findings()).extracting(Finding::kind).containsExactly("corrupt", "leak");
        assertThat(report.findings().get(1).examples()).containsExactly("m.csv, line 5 = m.csv, line 2");
        assertThat(report.findings().get(0).examples().get(0)).startsWith("m.csv, line 3: ");
    }

    @Test
    void textsHaveLengthsAndWords() throws IOException {
        ColumnStats.Texts texts = detail(
                ColumnStats.Texts.class,
                only(Map.of("t", "text", "label", "label"), "t,label", "A cat a dog,x", "dog,y", "a b c d e f,x"));
        assertThat(texts.words().least()).isEqualTo(1);
        assertThat(texts.words().greatest()).isEqualTo(6);
        assertThat(texts.characters().greatest()).isEqualTo(11);
        assertThat(texts.vocabulary()).isEqualTo(8);
    }

    @Test
    void numbersAndCategoriesAreCounted() throws IOException {
        Map<String, String> columns = Map.of("n", "numeric", "c", "categorical", "label", "label");
        Subject subject = subject(columns, "n,c,label", "1,red,x", "2,blue,y", ",red,x", "four,,y", "3,red,x");
        List<ColumnStats> stats = Stats.of(subject, DataListener.silent()).columns();
        ColumnStats.Figures figures = detail(ColumnStats.Figures.class, stats.get(0));
        assertThat(stats.get(0).missing()).isEqualTo(1);
        assertThat(figures.unreadable()).isEqualTo(1);
        assertThat(Objects.requireNonNull(figures.values()).median()).isEqualTo(2);
        ColumnStats.Categories categories = detail(ColumnStats.Categories.class, stats.get(1));
        assertThat(categories.values()).containsExactly(Map.entry("red", 3L), Map.entry("blue", 1L));
        assertThat(categories.distinct()).isEqualTo(2);
        assertThat(stats.get(1).missing()).isEqualTo(1);
    }

    @Test
    void quantilesAreInterpolated() {
        Quantiles quantiles = Quantiles.of(new double[] {4, 1, 3, 2, 5});
        assertThat(quantiles).isEqualTo(new Quantiles(5, 1, 1.2, 2, 3, 4, 4.8, 5, 3));
        assertThat(Quantiles.of(new double[] {7})).isEqualTo(new Quantiles(1, 7, 7, 7, 7, 7, 7, 7, 7));
    }
}
