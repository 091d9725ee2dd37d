package dev.espalier.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import dev.espalier.manifest.text.Tokenizer;
import dev.espalier.manifest.text.Tokenizers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CharacterMapTest {
    private static final int UNITS = 512;
    private static final int LEAF = 1 << 8;

    /** Leads C to place 1 of the text behind: from unit 0 to base 256, by its unit of C, 323, to base 128, which is the value. */
    private static byte[] table(Consumer<int[]> change, String text) {
        int[] units = new int[UNITS];
        units[0] = 256 << 10;
        units[256 ^ 'C'] = ((256 ^ 'C' ^ 128) << 10) | LEAF | 'C';
        units[128] = Integer.MIN_VALUE | 1;
        change.accept(units);
        byte[] behind = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer table = ByteBuffer.allocate(4 + 4 * UNITS + behind.length).order(ByteOrder.LITTLE_ENDIAN);
        table.putInt(4 * UNITS);
        for (int unit : units) {
            table.putInt(unit);
        }
        return table.put(behind).array();
    }

    private static String base64(byte[] table) {
        return Base64.getEncoder().encodeToString(table);
    }

    private static Tokenizer open(String normalizer) {
        return Tokenizers.open(
                "tokenizer.json", Samples.bytes(Samples.UNIGRAM.replace("{\"type\": \"NFKC\"}", normalizer)));
    }

    private static Tokenizer withTable(String base64) {
        return open("{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"" + base64 + "\"}");
    }

    @Test
    void aSoundTableReplacesCharacters() {
        Tokenizer tokenizer = withTable(base64(table(units -> {}, "\0c\0")));
        assertThat(tokenizer.ids("Cat")).isEqualTo(tokenizer.ids("cat")).isNotEqualTo(tokenizer.ids("Dat"));
    }

    @Test
    void aUnitThatLeadsToItselfIsRead() {
        String base64 = base64(table(units -> units[256 ^ 'C'] = 'C', "\0c\0"));
        assertThat(withTable(base64).ids("Cat")).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "0,     1073741824", // the root's base lies outside
        "0,     525312", // the block behind the last begins there
        "323,   1073742147", // where C leads to
        "128,   -2147483644", // a value behind the text
        "128,   -2147483646", // a value inside a character
    })
    void whatLeadsOutsideIsRefused(int unit, int content) {
        assertThat(CharacterMap.isSound(base64(table(units -> units[unit] = content, "\0é"))))
                .isFalse();
    }

    @Test
    void tablesThatAreNoneAreRefusedInOneLine() {
        byte[] sound = table(units -> {}, "\0c\0");
        byte[] brokenText = table(units -> {}, "\0c\0");
        brokenText[brokenText.length - 1] = (byte) 0xff;
        byte[] tooLong = ByteBuffer.wrap(sound.clone())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(4 * UNITS + 4)
                .array();
        for (String table :
                new String[] {"", "AAAA", "AA==", "x", "é", base64(brokenText), base64(tooLong), base64(sound) + "="}) {
            assertThatThrownBy(() -> withTable(table))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("its precompiled_charsmap is damaged");
        }
        assertThatThrownBy(() -> open("{\"type\": \"Precompiled\"}")).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> open("{\"type\": \"Precompiled\", \"precompiled_charsmap\": [1]}"))
                .isInstanceOf(DataException.class);
    }
}
