package dev.espalier.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.BatchOptions;
import dev.espalier.data.Batches;
import dev.espalier.data.Cursor;
import dev.espalier.data.DataException;
import dev.espalier.data.DataListener;
import dev.espalier.data.DataSets;
import dev.espalier.data.OnCorrupt;
import dev.espalier.data.Scale;
import dev.espalier.manifest.Manifest;
import dev.espalier.manifest.ManifestFile;
import dev.espalier.manifest.encode.Encoding;
import dev.espalier.manifest.encode.MixedData;
import dev.espalier.manifest.encode.TextEncoder;
import dev.espalier.manifest.table.TableOptions;
import dev.espalier.manifest.text.Tokenizer;
import dev.espalier.manifest.text.Tokenizers;
import dev.espalier.model.Branch;
import dev.espalier.model.Metadata;
import dev.espalier.runtime.Device;
import dev.espalier.runtime.Scope;
import dev.espalier.runtime.testing.NoLeaks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A text column whose tokenizer a file describes. */
@NoLeaks
class TextColumnTest {
    private static final List<String> TEXTS =
            List.of("a good film!", "lower lower low", "played. playing", "the cat", "a bad film", "lo");

    @TempDir
    Path folder;

    @BeforeEach
    void writeTable() throws IOException {
        StringBuilder table = new StringBuilder("label,title,text\n");
        for (int i = 0; i < TEXTS.size(); i++) {
            table.append(i % 2 == 0 ? "good," : "bad,").append(TEXTS.get(i)).append(",\n");
        }
        Files.createDirectories(folder.resolve("words"));
        Files.writeString(folder.resolve("table.csv"), table);
    }

    private Path file(String json) throws IOException {
        return Files.writeString(folder.resolve("words/tokenizer.json"), json);
    }

    private DataSets open(Map<String, ?> title, Map<String, ?> text, Optional<Encoding> encoding) {
        Manifest manifest = ManifestFile.read(
                Map.of("files", "table.csv", "columns", Map.of("label", "label", "title", title, "text", text)),
                folder,
                TableOptions.defaults().withListener(DataListener.silent()));
        return MixedData.open(
                manifest,
                new MixedData.Options(encoding, 0, 1, OnCorrupt.FAIL, folder.resolve("cache"), DataListener.silent()));
    }

    private DataSets open(Object... settings) {
        Map<String, Object> title = new HashMap<>(Map.of("type", "text", "tokenizer", "words/tokenizer.json"));
        for (int i = 0; i < settings.length; i += 2) {
            title.put(settings[i].toString(), settings[i + 1]);
        }
        return open(title, Map.of("type", "ignore"), Optional.empty());
    }

    private static String json(DataSets data) {
        return Objects.requireNonNull(data.train().facts().get(Encoding.FACT));
    }

    private static TextEncoder encoder(String json) {
        return (TextEncoder) Encoding.fromJson(json).encoders().get(0);
    }

    private static long[] ids(DataSets data, String input) {
        try (Scope scope = Scope.open();
                Cursor cursor = new Batches(
                                data.train(),
                                BatchOptions.evaluation(data.train().size(), data.statistics(), Device.CPU))
                        .epoch(0, 0)) {
            return cursor.next().input(input).toLongArray();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {Samples.WORD_LEVEL, Samples.WORD_PIECE, Samples.BPE, Samples.UNIGRAM})
    void isEncodedByTheFileAndAgainByTheModelAlone(String json) throws IOException {
        Path file = file(json);
        Tokenizer tokenizer = Tokenizers.open("tokenizer.json", Samples.bytes(json));
        try (DataSets data = open("length", 5, "input", "words")) {
            long[] ids = ids(data, "words");
            for (int row = 0; row < TEXTS.size(); row++) {
                for (int at = 0; at < 5; at++) {
                    assertThat(ids[5 * row + at]).isEqualTo(tokenizer.ids(TEXTS.get(row), 5)[at]);
                }
            }
            Files.delete(file);
            Metadata model = Metadata.NONE.with(Encoding.FACT, json(data));
            assertThat(Encoding.of(model).orElseThrow().branches())
                    .containsExactly(new Branch.Text("words", 5, tokenizer.vocabulary()));
            Map<String, String> column = Map.of("type", "text");
            try (DataSets again = open(column, column, Encoding.of(model))) {
                assertThat(ids(again, "words")).isEqualTo(ids);
                assertThat(again.train().facts()).isEqualTo(data.train().facts());
                assertThat(again.train().fingerprint()).isEqualTo(data.train().fingerprint());
            }
        }
    }

    @Test
    void isAsLongAsItsTextsAre() throws IOException {
        file(Samples.WORD_PIECE);
        try (DataSets data = open()) {
            // Of six lengths that of index 0.99 * 5, rounded down, in ascending order: of "a good film!", the longest
            // but one.
            assertThat(encoder(json(data)).length()).isEqualTo(6);
        }
    }

    @Test
    void rowsThatWereRemovedReadUnknownAlsoFromJson() throws IOException {
        file(Samples.WORD_LEVEL);
        try (DataSets data = open("length", 4)) {
            TextEncoder whole = encoder(json(data));
            Tokenizer twice = whole.tokenizer().withRows(new int[] {0, 1, 3, 4}).withRows(new int[] {0, 1, 3});
            TextEncoder pruned = new TextEncoder(whole.modality(), whole.columns(), twice, whole.length());
            String json =
                    new Encoding(List.of(pruned), Encoding.fromJson(json(data)).label(), Scale.UNIT).toJson();
            Tokenizer read = encoder(json).tokenizer();
            assertThat(read.vocabulary()).isEqualTo(3);
            assertThat(read.token(2)).isEqualTo("film");
            assertThat(read.ids("a good film", 4)).containsExactly(1, 1, 2, 0);
            assertThatThrownBy(() -> Encoding.fromJson(json.replace("[0,1,4]", "[0,1,9]")))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("got 9 after 1");
            assertThatThrownBy(() -> Encoding.fromJson(json.replace("[0,1,4]", "[1,4]")))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("'<pad>', must be kept");
            assertThatThrownBy(() -> Encoding.fromJson(json.replace("tokenizer.json", "spiece.model")))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("dev.espalier:espalier-tokenizers");
            assertThatThrownBy(() -> Encoding.fromJson(json.replace("WordLevel", "Wordless")))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("tokenizer tokenizer.json: expected");
        }
    }

    @Test
    void whatDoesNotFitIsRefusedInOneLine() throws IOException {
        assertRefused("words/tokenizer.json: cannot be read");
        file("{\"model\": 7}");
        assertRefused("expected a tokenizer.json as Hugging Face's tokenizers");
        file(Samples.BPE);
        for (String setting : List.of("words", "least-count", "ngrams")) {
            assertRefused(
                    "column 'title': expected settings among type, tokenizer, length, input, got '" + setting + "'",
                    setting,
                    1);
        }
        assertRefused("column 'title', length: expected a number from 1.0 to 65536.0, got 0", "length", 0);
        assertRefused("words: expected a file", "tokenizer", "words");
        assertRefused("column 'title', tokenizer: expected a single value", "tokenizer", List.of("a", "b"));
        assertRefused("column 'title', tokenizer: expected a file, got 'a\\u0000'", "tokenizer", "a\0");
        Files.write(folder.resolve("merges.txt"), new byte[] {(byte) 0xff});
        assertRefused("add it", "tokenizer", "merges.txt");
    }

    private void assertRefused(String reason, Object... settings) {
        assertThatThrownBy(() -> open(settings).close())
                .isInstanceOf(DataException.class)
                .hasMessageContaining(reason)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void columnsOfOneInputHaveOneTokenizer() throws IOException {
        file(Samples.WORD_LEVEL);
        Map<String, String> with = Map.of("type", "text", "input", "words", "tokenizer", "words/tokenizer.json");
        Map<String, String> without = Map.of("type", "text", "input", "words");
        for (Map<String, String> second : List.of(with, without)) {
            try (DataSets data = open(with, second, Optional.empty())) {
                assertThat(encoder(json(data)).columns()).containsExactly("title", "text");
            }
        }
        assertThatThrownBy(() -> open(without, with, Optional.empty()).close())
                .isInstanceOf(DataException.class)
                .hasMessageContaining("column 'text', tokenizer: expected what column 'title' says");
    }
}
