package dev.espalier.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Skipped;
import dev.espalier.manifest.table.Table;
import dev.espalier.manifest.table.TableOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.dataformat.yaml.YAMLMapper;

class ManifestTest {
    @TempDir
    Path temporary;

    private Path folder = Path.of("");
    private final Heard heard = new Heard();
    private final TableOptions options = TableOptions.defaults().withListener(heard);

    @BeforeEach
    void makePictures() throws IOException {
        folder = Files.createDirectory(temporary.resolve("data"));
        Files.createFile(temporary.resolve("outside.png"));
        Files.createFile(folder.resolve("a.png"));
        Files.createFile(folder.resolve("b.png"));
    }

    @Test
    void fromATableAlone() throws IOException {
        Path csv = Files.writeString(
                folder.resolve("m.csv"), "picture,split,label\na.png,Train,dog\nb.png,VAL,cat\n,test,dog\n");
        Manifest manifest = Manifest.open(csv, options);
        assertThat(manifest.root()).isEqualTo(folder);
        assertThat(manifest.columns().inputs()).containsExactly(Column.of("picture", ColumnType.IMAGE));
        assertThat(manifest.label().classes()).containsExactly("cat", "dog");
        assertThat(manifest.table().values("split")).containsExactly("train", "validation", "test");
        assertThat(manifest.rows(Split.VALIDATION))
                .containsExactly(new Table.Row("m.csv, line 3", List.of("b.png", "validation", "cat")));
        assertThat(manifest.file("a.png")).isEqualTo(folder.resolve("a.png"));
        assertThat(heard.notes).contains("column picture: image (paths of pictures)");
    }

    @Test
    void withoutSplitsAllRowsAreForTraining() throws IOException {
        Path json = Files.writeString(folder.resolve("m.jsonl"), "{\"y\": 10, \"a\": 0.5}\n{\"y\": 9, \"a\": 0.25}\n");
        Manifest manifest = Manifest.open(json, options);
        assertThat(manifest.rows(Split.TRAIN)).hasSize(2);
        assertThat(manifest.rows(Split.TEST)).isEmpty();
        assertThat(manifest.label().classes()).containsExactly("9", "10");
    }

    @Test
    void rowsThatCannotBeUsed() throws IOException {
        String absolute = folder.resolve("a.png").toString();
        Path csv = Files.writeString(
                folder.resolve("m.csv"),
                "image,split,label\na.png,train,1\nc.png,train,1\na.png,,1\na.png,train,\n../outside.png,train,1\nx/../b.png,train,2\n"
                        + absolute + ",test,1\n");
        Manifest manifest = Manifest.open(csv, options);
        assertThat(manifest.table().rows())
                .extracting(Table.Row::place)
                .containsExactly("m.csv, line 2", "m.csv, line 7", "m.csv, line 8");
        assertThat(heard.skipped)
                .containsExactly(
                        new Skipped("m.csv, line 3", "file c.png does not exist"),
                        new Skipped(
                                "m.csv, line 4",
                                "expected a split, train, validation (val, valid, dev) or test, got none"),
                        new Skipped("m.csv, line 5", "expected a label, got none"),
                        new Skipped("m.csv, line 6", "file ../outside.png: leaves the root"));
        assertThatThrownBy(() -> Manifest.open(csv, options.withOnCorrupt(OnCorrupt.FAIL)))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("m.csv, line 3: file c.png does not exist; mend the row");
    }

    @Test
    void otherSplitsAreRefusedByName() throws IOException {
        Path csv = Files.writeString(folder.resolve("m.csv"), "split,label\ntrain,1\nholdout,2\n");
        assertThatThrownBy(() -> Manifest.open(csv, options))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("m.csv, line 3: expected the split train, validation (val, valid, dev) or test,"
                        + " got 'holdout'");
    }

    @Test
    void measurementsAreNoClasses() throws IOException {
        Path csv = Files.writeString(folder.resolve("m.csv"), "a,target\n1,2.5\n2,3\n");
        assertThatThrownBy(() -> Manifest.open(csv, options))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("got numbers such as 2.5; describe it in YAML with label: {kind: number}");
    }

    @Test
    void whatIsInferredCanBeEdited() throws IOException {
        Path csv = Files.writeString(
                folder.resolve("m: #1.csv"),
                "y,\"na: \"\"me\"\" \\\n💐\",yes,a.png\n1,u,0.5,a.png\n2,v,0.25,\n1,u,1.5,b.png\n");
        Manifest manifest = Manifest.open(csv, options);
        Inferred inferred = Columns.infer(manifest.table(), folder);
        Map<?, ?> yaml = new YAMLMapper().readValue(inferred.toYaml("m: #1.csv"), Map.class);
        assertThat(ManifestFile.read(cast(yaml), folder, options)).isEqualTo(manifest);
        assertThat(inferred.toYaml("m.csv")).contains("\n  \"y\": label  # by its name\n");
    }

    @Test
    void soundsInFoldersOfSplits() throws IOException {
        sounds("train/yes/b.wav", "train/yes/deep/a.FLAC", "train/no/a.wav", "train/no/.b.wav", "train/no/notes.txt");
        sounds("test/no/c.wav", "dev/yes/d.wav");
        Manifest manifest = Manifest.open(folder, options);
        assertThat(manifest.table())
                .isEqualTo(new Table(
                        List.of("audio", "label", "split"),
                        List.of(
                                sound("dev/yes/d.wav", "yes", "validation"),
                                sound("test/no/c.wav", "no", "test"),
                                sound("train/no/a.wav", "no", "train"),
                                sound("train/yes/b.wav", "yes", "train"),
                                sound("train/yes/deep/a.FLAC", "yes", "train"))));
        assertThat(manifest.label().classes()).containsExactly("no", "yes");
        assertThat(manifest.columns().of(ColumnType.AUDIO)).containsExactly(Column.of("audio", ColumnType.AUDIO));
        assertThat(manifest.file("test/no/c.wav")).isRegularFile();
    }

    @Test
    void soundsInFoldersOfClasses() throws IOException {
        sounds("yes/b.wav", "no/a.wav");
        Manifest manifest = Manifest.open(folder, options);
        assertThat(manifest.table().columns()).containsExactly("audio", "label");
        assertThat(manifest.rows(Split.TRAIN)).containsExactly(sound("no/a.wav", "no"), sound("yes/b.wav", "yes"));
    }

    @Test
    void foldersThatAreNoSounds() throws IOException {
        refused("expected one folder per class, got none");
        sounds("train/yes/b.wav", "test/maybe/c.wav");
        refused("maybe: expected one of the training classes yes; rename it");
        sounds("train/maybe/c.txt");
        refused("maybe: expected at least one file that ends in .wav, .flac, got none");
        Files.move(folder.resolve("train"), folder.resolve("training"));
        refused("expected a folder 'train' beside 'test', got none");
    }

    private void refused(String message) {
        assertThatThrownBy(() -> Manifest.open(folder, options))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(message);
    }

    private void sounds(String... names) throws IOException {
        for (String name : names) {
            Files.createDirectories(folder.resolve(name).resolveSibling(""));
            Files.createFile(folder.resolve(name));
        }
    }

    private static Table.Row sound(String... cells) {
        return new Table.Row(cells[0], List.of(cells));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, ?> cast(Map<?, ?> map) {
        return (Map<String, ?>) map;
    }
}
