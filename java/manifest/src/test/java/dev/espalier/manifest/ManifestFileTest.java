package dev.espalier.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import dev.espalier.data.Skipped;
import dev.espalier.manifest.table.Table;
import dev.espalier.manifest.table.TableOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.dataformat.yaml.YAMLMapper;

class ManifestFileTest {
    @TempDir
    Path folder;

    private final Heard heard = new Heard();
    private final TableOptions options = TableOptions.defaults().withListener(heard);

    @Test
    void everyKey() throws IOException {
        write("lists/train.csv", "1,One,First text.,in/a.png\n2,Two,,in/b.png\n");
        write("lists/more.csv", "2,Three,Third text.,\n");
        write("test.csv", "1,Four,Fourth text.,in/a.png\n");
        write("pictures/in/a.png", "");
        Manifest manifest = read("""
                files: {train: [lists/train.csv, "lists/m*.csv"], test: test.csv}
                header: [topic, title, body, picture]
                root: pictures
                columns:
                  topic: label
                  title: {type: text, input: words}
                  body: {type: text, input: words}
                  picture: {type: image, size: 28x28}
                classes: [World, Sports]
                label: {kind: class}
                on_corrupt: skip
                """);
        assertThat(manifest.root()).isEqualTo(folder.resolve("pictures"));
        assertThat(manifest.columns().list())
                .containsExactly(
                        Column.of("topic", ColumnType.LABEL),
                        new Column("title", ColumnType.TEXT, Map.of("input", "words")),
                        new Column("body", ColumnType.TEXT, Map.of("input", "words")),
                        new Column("picture", ColumnType.IMAGE, Map.of("size", "28x28")),
                        Column.of("split", ColumnType.SPLIT));
        assertThat(manifest.rows(Split.TRAIN))
                .extracting(Table.Row::place)
                .containsExactly("train.csv, line 1", "more.csv, line 1");
        assertThat(manifest.rows(Split.TEST)).hasSize(1);
        assertThat(manifest.label()).isEqualTo(new Label(Label.Kind.CLASS, "|", Map.of("1", "World", "2", "Sports")));
        assertThat(heard.skipped).containsExactly(new Skipped("train.csv, line 2", "file in/b.png does not exist"));
    }

    @Test
    void columnsThatAreNotDescribedAreNotUsed() throws IOException {
        write("m.csv", "a,b,digit\n0.5,x,1\n");
        Manifest manifest = read("{files: m.csv, columns: {digit: label, a: Numeric}}");
        assertThat(manifest.columns().list())
                .extracting(Column::type)
                .containsExactly(ColumnType.NUMERIC, ColumnType.IGNORE, ColumnType.LABEL);
        assertThat(heard.notes).containsExactly("columns that are not described are not used: b");
    }

    @Test
    void globsInOrderOfPaths() throws IOException {
        write("d/2.csv", "a,label\n2,x\n");
        write("d/1.csv", "label,a\ny,1\n");
        write("d/e/3.csv", "a,label\n3,x\n");
        assertThat(read("files: 'd/*.csv'").table().values("a")).containsExactly("1", "2");
        assertThat(read("files: 'd/*.csv'").table().columns()).containsExactly("label", "a");
        assertThat(read("files: '**/[23].csv'").table().values("a")).containsExactly("2", "3");
        assertThat(read("files: 'd/{e/3,1}.csv'").table().values("a")).containsExactly("1", "3");
    }

    @Test
    void classesByMap() throws IOException {
        write("m.csv", "a,label\n1,02\n2,01\n");
        Manifest manifest = read("{files: m.csv, classes: {'02': two, '01': one, '03': three}}");
        assertThat(manifest.label().classes()).containsExactly("two", "one", "three");
    }

    @Test
    void classesThatAreTheValuesGiveTheirOrder() throws IOException {
        write("m.csv", "a,label\n1,low\n2,high\n");
        assertThat(read("{files: m.csv, classes: [low, middle, high]}").label().names())
                .containsExactly(Map.entry("low", "low"), Map.entry("middle", "middle"), Map.entry("high", "high"));
    }

    @Test
    void severalLabelsInARow() throws IOException {
        write("m.csv", "a,label\n1,red; round ;red\n2,\n3,blue;\n");
        Manifest manifest = read("{files: m.csv, label: {kind: multi, separator: ;}}");
        assertThat(manifest.table().size()).isEqualTo(3);
        assertThat(manifest.label().classes()).containsExactly("blue", "red", "round");
        assertThat(manifest.label().values("red; round ;red")).containsExactly("red", "round");
    }

    @Test
    void numbersAsLabels() throws IOException {
        write("m.csv", "a,label\n1,-2.5e1\n2,many\n3,1e999\n");
        Manifest manifest = read("{files: m.csv, label: {kind: number}}");
        assertThat(manifest.table().values("label")).containsExactly("-2.5e1");
        assertThat(manifest.label().classes()).isEmpty();
        assertThat(heard.skipped)
                .contains(new Skipped("m.csv, line 3", "expected a label that is a finite number, got 'many'"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "columns: {label: label} | manifest: expected the key 'files', got columns",
                "{files: m.csv, clases: [a]} | unknown key 'clases' in manifest; expected one of files, header, root, columns, classes, label, on-corrupt",
                "{files: m.csv, label: {sort: class}} | unknown key 'sort' in label; expected one of kind, separator",
                "{files: m.csv, label: {kind: many}} | 'kind' in label: expected one of class, multi, number, got 'many'",
                "{files: m.csv, label: {separator: ''}} | label: expected a separator such as '|', got an empty one",
                "{files: m.csv, on-corrupt: maybe} | 'on-corrupt' in manifest: expected one of skip, fail, got 'maybe'",
                "{files: m.csv, root: [a]} | 'root' in manifest: expected a single value, got '[a]'",
                "{files: m.csv, columns: [label]} | 'columns' in manifest: expected a map such as 'key: value', got '[label]'",
                "{files: m.csv, columns: {label: label, b: text}} | column 'b': expected one of a, label; write its name as in the file",
                "{files: m.csv, columns: {label: label, a: words}} | column 'a': expected one of image, audio, text, numeric, categorical, label, split, group, id, ignore, got 'words'",
                "{files: m.csv, columns: {label: label, a: {input: x}}} | column 'a': expected the key 'type', got input",
                "{files: m.csv, columns: {label: label, a: }} | expected a value for 'a', got none",
                "{files: m.csv, columns: {a: numeric}} | columns: expected one of type label, got none among a, label",
                "{files: m.csv, classes: [one]} | classes: expected 2 names for the values 1, 2, got 1",
                "{files: m.csv, classes: {1: one}} | classes: expected a name for every value of the label, got none for '2'",
                "{files: m.csv, classes: [a, b], label: {kind: number}} | classes: expected none for a label of kind number",
                "{files: {train: m.csv, holdout: m.csv}} | 'files' in manifest: expected splits, train, validation (val, valid, dev) or test, got 'holdout'",
                "{files: {train: m.csv, test: [m.csv]}} | 'files' in manifest: expected every file once, got",
                "{files: [m.csv, split.csv]} | split.csv: expected the columns of the first file, a, label, got a, label, split",
                "{files: {train: split.csv}} | expected no column 'split' beside the splits given by files, got one",
                "{files: 'x*.csv'} | 'files' in manifest: expected files that match x*.csv in",
                "{files: 'x[.csv'} | 'files' in manifest: expected a path or a glob, got 'x[.csv'",
                "{files: []} | 'files' in manifest: expected at least one value, got an empty list",
                "{files: m.csv, header: [a, a]} | expected every column name once, got 'a' twice"
            })
    void refused(String yaml, String message) throws IOException {
        write("m.csv", "a,label\n0.5,1\n1.5,2\n");
        write("split.csv", "a,label,split\n0.5,1,train\n");
        assertThatThrownBy(() -> read(yaml)).isInstanceOf(DataException.class).hasMessageContaining(message);
    }

    private void write(String name, String text) throws IOException {
        Files.createDirectories(folder.resolve(name).resolveSibling(""));
        Files.writeString(folder.resolve(name), text);
    }

    private Manifest read(String yaml) {
        Map<String, Object> description = new YAMLMapper().readValue(yaml, new TypeReference<>() {});
        return ManifestFile.read(description, folder, options);
    }
}
