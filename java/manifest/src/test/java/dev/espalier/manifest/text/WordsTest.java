package dev.espalier.manifest.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.text.Normalizer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WordsTest {
    private static List<String> words(String text) {
        return Words.of(text, WordTokenizer.CHARACTERS);
    }

    @Test
    void wordsAreLettersAndDigitsInLowerCaseAndPunctuationStandsAlone() {
        assertThat(words("It's 20 of the Best-ever films (2019)!?"))
                .containsExactly("it's", "20", "of", "the", "best", "-", "ever", "films", "(", "2019", ")", "!", "?");
        assertThat(words(" \t\n\u00A0\u2003\u0000 ")).isEmpty();
        assertThat(words("")).isEmpty();
    }

    @Test
    void apostrophesAreKeptInsideWordsOnly() {
        assertThat(words("'don\u2019t' rock''n dogs' '"))
                .containsExactly("'", "don't", "'", "rock", "'", "'", "n", "dogs", "'", "'");
    }

    @Test
    void caseIsThatOfNoCountry() {
        assertThat(words("TITLE \u212Aelvin ΟΔΟΣ")).containsExactly("title", "kelvin", "οδος");
        assertThat(words("\u0130I")).containsExactly("i\u0307i");
    }

    @Test
    void composedAndDecomposedLettersAreTheSame() {
        assertThat(words("Cafe\u0301")).containsExactly("caf\u00E9").isEqualTo(words("CAF\u00C9"));
        assertThat(words("\u1112\u1161\u11AB")).containsExactly("\uD55C");
    }

    @Test
    void ideographsAreWordsOfTheirOwn() {
        assertThat(words("東京タワー\uD842\uDFB7x")).containsExactly("東", "京", "タワー", "\uD842\uDFB7", "x");
    }

    @Test
    void emojiAreWordsWhateverJoinsOrColoursThem() {
        assertThat(words("nice👍🏽!")).containsExactly("nice", "👍", "🏽", "!");
        assertThat(words("👨\u200D👩\u200D👧")).containsExactly("👨", "👩", "👧");
        assertThat(words("\u2764\uFE0F")).isEqualTo(words("\u2764")).containsExactly("\u2764");
    }

    @Test
    void whatIsNotDisplayedSplitsNothing() {
        assertThat(words("co\u00ADoperate \uFEFFbom")).containsExactly("cooperate", "bom");
    }

    @Test
    void unpairedSurrogatesAreReplacementCharacters() {
        assertThat(words("a\uD83Db\uDC4D")).containsExactly("a", "\uFFFD", "b", "\uFFFD");
    }

    @Test
    void theRestOfALongTextIsCutOff() {
        assertThat(Words.of("abc def", 5)).containsExactly("abc", "d");
        assertThat(Words.of("a👍👍", 2)).containsExactly("a", "👍");
        assertThat(words("x ".repeat(5_000_000))).hasSize(WordTokenizer.CHARACTERS / 2);
    }

    /** Ordered as they lie these 100,000 marks would take 2.5e9 exchanges. */
    @Test
    void runsOfMarksEnd() {
        String marks = "\u0301".repeat(50_000) + "\u0316".repeat(50_000);
        assertThat(words("a" + marks).get(0)).hasSize(30);
        assertThat(words("a" + "\u0301\u200D".repeat(40_000)).get(0)).hasSize(30);
    }

    @Test
    void anyTextIsSplitIntoVisibleNormalWordsThatSplitIntoThemselves() {
        Random random = new Random(5);
        for (int trial = 0; trial < 3000; trial++) {
            String text = random(random);
            for (String word : words(text)) {
                assertThat(word).isNotBlank().doesNotContain(" ");
                assertThat(Normalizer.isNormalized(word, Normalizer.Form.NFC)).isTrue();
                assertThat(words(word)).containsExactly(word);
            }
            assertThat(words(text.replace(" ", " \n "))).isEqualTo(words(text));
        }
    }

    /** Up to 40 characters: of all of Unicode, of its first 0x500 characters, of marks, of UTF-16 units. */
    static String random(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(40); i > 0; i--) {
            switch (random.nextInt(5)) {
                case 0 -> text.appendCodePoint(random.nextInt(0x110000));
                case 1 -> text.append((char) random.nextInt(0x10000));
                case 2 -> text.append((char) (0x300 + random.nextInt(0x70)));
                case 3 -> text.append((char) random.nextInt(0x500));
                default -> text.append(" aI'\u2019".charAt(random.nextInt(5)));
            }
        }
        return text.toString();
    }
}
