package dev.espalier.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.espalier.data.DataException;
import dev.espalier.manifest.text.Tokenizer;
import dev.espalier.manifest.text.Tokenizers;
import dev.espalier.manifest.text.WordTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerJsonTest {
    private static Tokenizer open(String json) {
        return Tokenizers.open("tokenizer.json", Samples.bytes(json));
    }

    private static List<String> tokens(Tokenizer tokenizer, String text) {
        return Arrays.stream(tokenizer.ids(text)).mapToObj(tokenizer::token).toList();
    }

    @Test
    void wordLevel() {
        Tokenizer words = open(Samples.WORD_LEVEL);
        assertThat(words.ids("A GOOD bad film!")).containsExactly(2, 3, 1, 4, 5);
        assertThat(words.ids("")).isEmpty();
        assertThat(words.vocabulary()).isEqualTo(6);
        assertThat(words.padding()).isZero();
        assertThat(words.unknown()).isOne();
        assertThat(words.ids("good film", 4)).containsExactly(3, 4, 0, 0);
        assertThat(words.ids("a good film!", 2)).containsExactly(2, 3);
    }

    @Test
    void wordPieceWithSpecialTokensKeepsTheLastOfThemWhenItCuts() {
        Tokenizer pieces = open(Samples.WORD_PIECE);
        assertThat(tokens(pieces, "Playing. Played é [SEP]"))
                .containsExactly("[CLS]", "play", "##ing", ".", "play", "##ed", "[UNK]", "[SEP]", "[SEP]");
        assertThat(pieces.ids("playing. played", 4)).containsExactly(0, 3, 4, 1);
        assertThat(pieces.ids("playing", 6)).containsExactly(0, 3, 4, 1, 7, 7);
        assertThat(pieces.ids("playing", 1)).containsExactly(1);
        assertThat(pieces.ids("playing", 0)).isEmpty();
        assertThat(pieces.padding()).isEqualTo(7);
        assertThat(pieces.unknown()).isEqualTo(2);
        assertThat(pieces.vocabulary()).isEqualTo(8);
    }

    @Test
    void bytePairsWithoutPaddingAndUnknownGetThemAtTheEnd() {
        Tokenizer pairs = open(Samples.BPE);
        assertThat(tokens(pairs, "lower low<|end|>")).containsExactly("low", "er", "Ġ", "low", "<|end|>");
        assertThat(pairs.vocabulary()).isEqualTo(12);
        assertThat(pairs.padding()).isEqualTo(10);
        assertThat(pairs.unknown()).isEqualTo(11);
        assertThat(pairs.token(10)).isEqualTo("<padding>");
        assertThat(pairs.ids("low", 3)).containsExactly(6, 10, 10);
    }

    @Test
    void unigram() {
        Tokenizer pieces = open(Samples.UNIGRAM);
        assertThat(tokens(pieces, "the cat dog")).containsExactly("_the", "_", "cat", "_", "<unk>");
        assertThat(pieces.unknown()).isZero();
        assertThat(pieces.padding()).isEqualTo(6);
    }

    @Test
    void rowsCanBeRemoved() {
        Tokenizer pruned = open(Samples.WORD_LEVEL).withRows(new int[] {0, 1, 3});
        assertThat(pruned.ids("a good film", 4)).containsExactly(1, 2, 1, 0);
    }

    @Test
    void anyTextIsRead() {
        Tokenizer words = open(Samples.WORD_LEVEL);
        assertThat(words.ids("good \uD83D \uDC4D \u0000 👍🏽 film"))
                .startsWith(3)
                .endsWith(4)
                .contains(1);
        assertThat(words.ids("a ".repeat(1_000_000))).hasSize(WordTokenizer.CHARACTERS / 2);
    }

    @Test
    void theContentOfAFileIsAllThatItNeeds(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("tokenizer.json"), Samples.UNIGRAM);
        byte[] content = Tokenizers.content(file);
        Files.delete(file);
        assertThat(Tokenizers.open("tokenizer.json", content).ids("the")).containsExactly(1);
        assertThatThrownBy(() -> Tokenizers.content(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("check its path");
        assertThatThrownBy(() -> Tokenizers.content(folder)).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> Tokenizers.open("merges.txt", content)).hasMessageContaining("espalier-tokenizers");
        assertThatThrownBy(() -> Tokenizers.open("tokenizer.json", new byte[Tokenizers.LARGEST + 1]))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("expected at most 67108864 bytes, got 67108865");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "{", "{}", "null", "[]", "7", "\"model\"", "{\"model\": []}", "{\"model\": {}}", "\uFFFD"})
    void refusesWhatIsNoTokenizer(String json) {
        assertRefused(json);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "WordLevel\"    | Wordless\"     | did not match",
                "\"<unk>\": 1,  | \"<unk>\": 2,  | id 2 is of both",
                "\"good\": 3,   | \"good\": -3,  | an id must be 0 to 16777215",
                "\"good\": 3,   | \"good\": 4e9, | an id must be 0 to 16777215",
                "\"Lowercase\"  | \"Shout\"      | got: ",
            })
    void refusesDamagedFiles(String part, String damaged, String reason) {
        assertThat(Samples.WORD_LEVEL).contains(part);
        assertThat(assertRefused(Samples.WORD_LEVEL.replace(part, damaged))).contains(reason);
    }

    /** Over each of these the native library would end the process. */
    @Test
    void refusesWhatTheLibraryWouldDieOf() {
        assertThat(assertRefused(Samples.WORD_PIECE.replace(
                        "{\"SpecialToken\": {\"id\": \"[CLS]\"", "{\"SpecialToken\": {\"id\": \"[X]\"")))
                .contains("does not list the special token");
        assertThat(assertRefused(Samples.WORD_PIECE.replaceFirst("\\{\"id\": \"A\"", "{\"id\": \"B\"")))
                .contains("its template for one text has a text \"B\"");
        assertThat(assertRefused(Samples.BPE.replace(
                        "\"continuing_subword_prefix\": \"\"", "\"continuing_subword_prefix\": \"###\"")))
                .contains("does not continue a word");
        String prepend = "{\"type\": \"Prepend\", \"prepend\": \"\"}";
        String replace = "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"x*\"}, \"content\": \"y\"}";
        String lower = "{\"type\": \"Lowercase\"}";
        assertThat(assertRefused(Samples.WORD_LEVEL.replace(lower, prepend))).contains("prepends nothing");
        assertThat(assertRefused(Samples.WORD_LEVEL.replace(lower, replace))).contains("replaces nothing");
        assertThat(open(Samples.WORD_PIECE.replace("\"type\": \"WordPiece\", \"prefix\"", "\"type\": 7, \"prefix\""))
                        .ids("."))
                .containsExactly(0, 6, 1);
    }

    @Test
    void refusesAddedTokensOfWhichTheNormalizerLeavesNothing() {
        String blank = "\"added_tokens\": [{\"id\": 6, \"content\": \" \", \"single_word\": false, \"lstrip\": false,"
                + " \"rstrip\": false, \"normalized\": true, \"special\": false}]";
        String added = Samples.WORD_LEVEL.replace("\"added_tokens\": []", blank);
        String strip = "{\"type\": \"Strip\", \"strip_left\": true, \"strip_right\": true}";
        String lower = "{\"type\": \"Lowercase\"}";
        assertThat(assertRefused(added.replace(lower, strip))).contains("leaves nothing of the added token \" \"");
        assertThat(open(added).ids("good film")).containsExactly(3, 6, 4);
        assertThat(open(added.replace(lower, strip).replace("true, \"special", "false, \"special"))
                        .ids("good film"))
                .containsExactly(3, 6, 4);
        assertThat(open(added.replace("\" \"", "\"\"")).ids("good film")).containsExactly(3, 4);
    }

    @Test
    void cutFilesAreRefused() {
        byte[] whole = Samples.bytes(Samples.WORD_PIECE.strip());
        for (int length = 0; length < whole.length; length += 7) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> Tokenizers.open("tokenizer.json", cut)).isInstanceOf(DataException.class);
        }
    }

    @Test
    void aModelWithoutAnUnknownTokenSaysSoWhenItMeetsOne() {
        Tokenizer words = open(Samples.WORD_LEVEL.replace("\"unk_token\": \"<unk>\"", "\"unk_token\": \"[UNK]\""));
        assertThat(words.ids("good film")).containsExactly(3, 4);
        assertThatThrownBy(() -> words.ids("bad"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("give its model an unk_token");
    }

    private static String assertRefused(String json) {
        DataException refusal = catchThrowableOfType(DataException.class, () -> open(json));
        assertThat(refusal).isNotNull();
        String message = String.valueOf(refusal.getMessage());
        assertThat(message)
                .startsWith("tokenizer tokenizer.json: expected")
                .doesNotContain("\n")
                .hasSizeLessThan(400);
        return message;
    }
}
