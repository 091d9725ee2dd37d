package dev.espalier.manifest.text;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Splits a text into words in lower case and NFC, in time linear in its length.
 *
 * <p>A word is a run of letters, digits and their combining marks, with the apostrophes inside it (U+2019 is read as one).
 * Every ideograph is a word, and so is every other visible character: a punctuation mark, a symbol, an emoji. White space and
 * controls separate; what is ignored when displayed (joiners, soft hyphens, variation selectors) is left out.
 */
public final class Words {
    /** Marks on one character beyond which the others are left out; see Unicode Standard Annex 15, stream-safe text. */
    private static final int MARKS = 30;

    private static final int MARK =
            bits(Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK);
    private static final int SEPARATOR =
            bits(Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.CONTROL);
    private static final int APOSTROPHE = '\'';

    private final String text;
    private final List<String> words = new ArrayList<>();
    private final StringBuilder word = new StringBuilder();

    private Words(String text) {
        this.text = text;
    }

    /** The words of the first {@code characters} UTF-16 units of a text. */
    public static List<String> of(String text, int characters) {
        String lower = normalised(text, characters).toLowerCase(Locale.ROOT);
        return new Words(Normalizer.normalize(lower, Normalizer.Form.NFC)).split();
    }

    /** NFC of what is displayed: a run of marks has an end, as ordering it takes time quadratic in its length. */
    private static String normalised(String text, int characters) {
        StringBuilder clean = new StringBuilder(Math.min(text.length(), characters));
        int marks = 0;
        for (int at = 0; at < text.length() && at < characters; ) {
            int point = text.codePointAt(at);
            at += Character.charCount(point);
            if (ignored(point)) {
                continue;
            }
            marks = is(point, MARK) ? marks + 1 : 0;
            if (marks <= MARKS) {
                boolean unpaired = Character.getType(point) == Character.SURROGATE;
                clean.appendCodePoint(unpaired ? 0xFFFD : point == 0x2019 ? APOSTROPHE : point);
            }
        }
        return Normalizer.normalize(clean, Normalizer.Form.NFC);
    }

    private List<String> split() {
        for (int at = 0; at < text.length(); ) {
            int point = text.codePointAt(at);
            int next = at + Character.charCount(point);
            if (inWord(point) || (point == APOSTROPHE && !word.isEmpty() && wordAt(next))) {
                word.appendCodePoint(point);
            } else {
                end();
                if (!is(point, SEPARATOR)) {
                    word.appendCodePoint(point);
                    end();
                }
            }
            at = next;
        }
        end();
        return words;
    }

    private void end() {
        if (!word.isEmpty()) {
            words.add(word.toString());
            word.setLength(0);
        }
    }

    private boolean wordAt(int at) {
        return at < text.length() && inWord(text.codePointAt(at));
    }

    private static boolean inWord(int point) {
        return (Character.isLetterOrDigit(point) && !Character.isIdeographic(point)) || is(point, MARK);
    }

    private static boolean ignored(int point) {
        return Character.getType(point) == Character.FORMAT
                || (point >= 0xFE00 && point <= 0xFE0F)
                || (point >= 0xE0100 && point <= 0xE01EF);
    }

    private static boolean is(int point, int types) {
        return (1 << Character.getType(point) & types) != 0;
    }

    private static int bits(int... types) {
        int bits = 0;
        for (int type : types) {
            bits |= 1 << type;
        }
        return bits;
    }
}
