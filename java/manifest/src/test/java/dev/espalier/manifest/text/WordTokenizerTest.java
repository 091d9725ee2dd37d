package dev.espalier.manifest.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.espalier.data.DataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WordTokenizerTest {
    private static final List<String> TEXTS = List.of("The cat sat.", "the dog sat", "a cat, the cat");

    @Test
    void learnsByCountThenByStringOrder() {
        WordTokenizer learnt = WordTokenizer.learn(TEXTS, 100, 1);
        assertThat(learnt.words()).containsExactly("cat", "the", "sat", ",", ".", "a", "dog");
        assertThat(learnt.ids("The dog sat.")).containsExactly(3, 8, 4, 6);
        assertThat(learnt.vocabulary()).isEqualTo(9);
        assertThat(learnt.token(0)).isEqualTo("<padding>");
        assertThat(learnt.token(1)).isEqualTo("<unknown>");
        assertThat(learnt.token(8)).isEqualTo("dog");
    }

    @Test
    void theOrderOfTheTextsDoesNotMatter() {
        List<String> shuffled = new ArrayList<>(TEXTS);
        Collections.reverse(shuffled);
        assertThat(WordTokenizer.learn(shuffled, 5, 1, 2).words())
                .isEqualTo(WordTokenizer.learn(TEXTS, 5, 1, 2).words());
    }

    @Test
    void keepsTheMostFrequentAndForgetsTheRare() {
        assertThat(WordTokenizer.learn(TEXTS, 2, 1).words()).containsExactly("cat", "the");
        assertThat(WordTokenizer.learn(TEXTS, 100, 2).words()).containsExactly("cat", "the", "sat");
        assertThat(WordTokenizer.learn(List.of(), 100, 2).vocabulary()).isEqualTo(2);
    }

    @Test
    void whatWasNotLearntIsUnknown() {
        WordTokenizer learnt = WordTokenizer.learn(TEXTS, 100, 1);
        assertThat(learnt.ids("the ct zebra")).containsExactly(3, 1, 1);
        assertThat(learnt.ids("")).isEmpty();
    }

    @Test
    void pairsFollowTheWords() {
        WordTokenizer learnt = WordTokenizer.learn(List.of("New York is", "new york was", "york new"), 4, 2, 2);
        assertThat(learnt.words()).containsExactly("new", "york", "new york");
        assertThat(learnt.ids("old New York new york")).containsExactly(1, 2, 3, 2, 3, 4, 4);
        assertThat(learnt.ids("york")).containsExactly(3);
        assertThat(learnt.ids("")).isEmpty();
    }

    @Test
    void aWordListMakesTheSameTokenizer() {
        WordTokenizer learnt = WordTokenizer.learn(TEXTS, 100, 1, 2);
        WordTokenizer rebuilt = new WordTokenizer(learnt.words());
        Random random = new Random(6);
        for (int trial = 0; trial < 500; trial++) {
            String text = WordsTest.random(random) + " the cat " + WordsTest.random(random);
            int[] ids = learnt.ids(text);
            assertThat(rebuilt.ids(text)).isEqualTo(ids);
            assertThat(Arrays.stream(ids)).allMatch(id -> id >= 1 && id < learnt.vocabulary());
        }
    }

    @Test
    void cutsAndPadsOnTheRight() {
        WordTokenizer learnt = WordTokenizer.learn(TEXTS, 100, 1);
        assertThat(learnt.ids("the cat sat", 5)).containsExactly(3, 2, 4, 0, 0);
        assertThat(learnt.ids("the cat sat", 2)).containsExactly(3, 2);
        assertThat(learnt.ids("the cat sat", 0)).isEmpty();
    }

    @Test
    void readsNoMoreThanItsBound() {
        WordTokenizer learnt = WordTokenizer.learn(TEXTS, 100, 1);
        assertThat(learnt.ids("cat ".repeat(2_500_000))).hasSize(WordTokenizer.CHARACTERS / 4);
        assertThat(learnt.reading(7).ids("cat cat cat")).containsExactly(2, 2);
        assertThatThrownBy(() -> learnt.reading(0)).hasMessageContaining("at least 1, got 0");
    }

    @Test
    void removedRowsBecomeUnknownAndTheOthersMoveUp() {
        WordTokenizer learnt = WordTokenizer.learn(TEXTS, 100, 1).reading(20);
        WordTokenizer pruned = learnt.withRows(new int[] {0, 1, 3, 8});
        assertThat(pruned.words()).containsExactly("the", "dog");
        assertThat(pruned.ids("the cat, the dog")).containsExactly(2, 1, 1, 2, 3);
        assertThat(pruned.ids("the the the the the the")).hasSize(5);
        assertThat(pruned.withRows(new int[] {0, 1}).words()).isEmpty();
    }

    @Test
    void anyTokenizerCanLoseRows() {
        WordTokenizer learnt = WordTokenizer.learn(TEXTS, 100, 1);
        int[] kept = {0, 1, 3, 8};
        Tokenizer pruned = new KeptRows(learnt, kept);
        WordTokenizer expected = learnt.withRows(kept);
        assertThat(pruned.ids("the cat, the dog", 7)).isEqualTo(expected.ids("the cat, the dog", 7));
        assertThat(pruned.ids("the cat")).isEqualTo(expected.ids("the cat"));
        assertThat(pruned.vocabulary()).isEqualTo(4);
        assertThat(pruned.padding()).isZero();
        assertThat(pruned.unknown()).isOne();
        assertThat(pruned.token(3)).isEqualTo("dog");
        assertThat(pruned.withRows(new int[] {0, 1, 3}).ids("the dog")).containsExactly(1, 2);
    }

    @Test
    void refusesRowsThatAreNotOfItsVocabulary() {
        WordTokenizer learnt = WordTokenizer.learn(TEXTS, 100, 1);
        assertThatThrownBy(() -> learnt.withRows(new int[] {0, 1, 9}))
                .hasMessage("the kept rows of a vocabulary must be ascending ids below 9, got 9 after 1");
        assertThatThrownBy(() -> learnt.withRows(new int[] {0, 1, 3, 3})).hasMessageContaining("got 3 after 3");
        assertThatThrownBy(() -> learnt.withRows(new int[] {1, 2}))
                .hasMessage("row 0 of the vocabulary, '<padding>', must be kept: every tokenizer needs it");
    }

    @Test
    void refusesListsThatAreNoVocabulary() {
        assertThatThrownBy(() -> new WordTokenizer(List.of("a", "b", "a")))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "a vocabulary must list different words, got 'a' at 2; make it again from the training texts");
        assertThatThrownBy(() -> new WordTokenizer(List.of("a", ""))).hasMessageContaining("got '' at 1");
        assertThatThrownBy(() -> WordTokenizer.learn(TEXTS, 0, 1)).hasMessageContaining("most 0");
        assertThatThrownBy(() -> WordTokenizer.learn(TEXTS, 1, 1, 3)).hasMessageContaining("n-grams 3");
    }
}
