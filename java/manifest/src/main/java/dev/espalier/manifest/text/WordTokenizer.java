package dev.espalier.manifest.text;

import dev.espalier.data.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A tokenizer whose tokens are words in lower case, punctuation marks, symbols and, if its list has some, pairs of adjacent
 * words.
 *
 * <p>Id 0 is padding, 1 is unknown, 2 is the first of the list. The ids of a text are those of its words in their order, then
 * those of its pairs that are in the list; a pair is written with one blank between its words, which no word contains.
 */
public final class WordTokenizer implements Tokenizer {
    /** UTF-16 units of a text that are read; the rest is cut off. */
    public static final int CHARACTERS = 100_000;

    private static final int PADDING = 0;
    private static final int UNKNOWN = 1;
    private static final List<String> SPECIAL = List.of("<padding>", "<unknown>");

    private final List<String> words;
    private final int characters;
    private final Map<String, Integer> ids = new HashMap<>();
    private final boolean pairs;

    /** The tokenizer that has learnt these words and pairs. */
    public WordTokenizer(List<String> words) {
        this(words, CHARACTERS);
    }

    private WordTokenizer(List<String> words, int characters) {
        if (characters < 1) {
            throw new IllegalArgumentException("characters read of a text must be at least 1, got " + characters);
        }
        this.words = List.copyOf(words);
        this.characters = characters;
        this.pairs = words.stream().anyMatch(word -> word.indexOf(' ') >= 0);
        for (String word : words) {
            Integer before = ids.putIfAbsent(word, SPECIAL.size() + ids.size());
            if (before != null || word.isBlank()) {
                throw new DataException("a vocabulary must list different words, got '" + word + "' at "
                        + this.words.lastIndexOf(word) + "; make it again from the training texts");
            }
        }
    }

    /**
     * Learns the most frequent words of texts; of equally frequent ones the first in string order.
     *
     * @param most words at most
     * @param leastCount occurrences that make a word known, at least 1
     */
    public static WordTokenizer learn(Iterable<String> texts, int most, int leastCount) {
        return learn(texts, most, leastCount, 1);
    }

    /**
     * Learns the most frequent words of texts and, with {@code ngrams} 2, pairs of adjacent words.
     *
     * @param most words and pairs at most, at least 1
     * @param leastCount occurrences that make a word or a pair known, at least 1
     * @param ngrams 1 for words, 2 for pairs also
     */
    public static WordTokenizer learn(Iterable<String> texts, int most, int leastCount, int ngrams) {
        if (most < 1 || leastCount < 1 || ngrams < 1 || ngrams > 2) {
            throw new IllegalArgumentException("a vocabulary must have at least 1 word that occurs at least once, and"
                    + " n-grams of 1 or 2; got most " + most + ", least count " + leastCount + ", n-grams " + ngrams);
        }
        Map<String, Integer> counts = new HashMap<>();
        for (String text : texts) {
            List<String> words = Words.of(text, CHARACTERS);
            words.forEach(word -> counts.merge(word, 1, Integer::sum));
            if (ngrams == 2) {
                pairs(words).forEach(pair -> counts.merge(pair, 1, Integer::sum));
            }
        }
        return new WordTokenizer(counts.entrySet().stream()
                .filter(entry -> entry.getValue() >= leastCount)
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(most)
                .map(Map.Entry::getKey)
                .toList());
    }

    /** This tokenizer, reading at most so many UTF-16 units of a text. */
    public WordTokenizer reading(int most) {
        return new WordTokenizer(words, most);
    }

    /** Words and pairs, the one of id 2 first. */
    public List<String> words() {
        return words;
    }

    @Override
    public int[] ids(String text) {
        List<String> found = Words.of(text, characters);
        int[] known = new int[pairs ? Math.max(0, 2 * found.size() - 1) : found.size()];
        int count = 0;
        for (String word : found) {
            known[count++] = ids.getOrDefault(word, UNKNOWN);
        }
        if (pairs) {
            for (String pair : pairs(found)) {
                Integer id = ids.get(pair);
                if (id != null) {
                    known[count++] = id;
                }
            }
        }
        return Arrays.copyOf(known, count);
    }

    private static List<String> pairs(List<String> words) {
        List<String> pairs = new ArrayList<>(words.size());
        for (int i = 1; i < words.size(); i++) {
            pairs.add(words.get(i - 1) + ' ' + words.get(i));
        }
        return pairs;
    }

    @Override
    public int vocabulary() {
        return SPECIAL.size() + words.size();
    }

    @Override
    public int padding() {
        return PADDING;
    }

    @Override
    public int unknown() {
        return UNKNOWN;
    }

    @Override
    public String token(int id) {
        return id < SPECIAL.size() ? SPECIAL.get(id) : words.get(id - SPECIAL.size());
    }

    @Override
    public WordTokenizer withRows(int[] kept) {
        KeptRows.requireRows(this, kept);
        return new WordTokenizer(
                Arrays.stream(kept)
                        .filter(id -> id >= SPECIAL.size())
                        .mapToObj(this::token)
                        .toList(),
                characters);
    }
}
