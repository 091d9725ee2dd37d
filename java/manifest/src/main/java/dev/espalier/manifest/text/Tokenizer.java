package dev.espalier.manifest.text;

import java.util.Arrays;

/**
 * Turns texts into ids, which are the rows of an embedding; immutable, the same text has the same ids for ever.
 *
 * <p>Any string is a text: the empty one has no ids of words, unpaired surrogates are read as U+FFFD.
 */
public interface Tokenizer {
    /** The ids of a text, 0 to {@code vocabulary() - 1}, without padding. */
    int[] ids(String text);

    /** The ids of a text cut or padded on the right to {@code length}. */
    default int[] ids(String text, int length) {
        return fit(ids(text), length);
    }

    /** Number of ids. */
    int vocabulary();

    /** The id that fills up what is shorter than the others. */
    int padding();

    /** The id of all tokens that have none of their own. */
    int unknown();

    /** What an id stands for, to be read by people. */
    String token(int id);

    /**
     * This tokenizer for an embedding of which only some rows were kept: these keep their order and are numbered from 0, the
     * tokens of the others become unknown.
     *
     * @param kept ascending ids, with those of padding and unknown
     */
    default Tokenizer withRows(int[] kept) {
        return new KeptRows(this, kept);
    }

    /** Ids cut or padded on the right to {@code length}. */
    default int[] fit(int[] ids, int length) {
        int[] fitted = Arrays.copyOf(ids, length);
        if (ids.length < length) {
            Arrays.fill(fitted, ids.length, length, padding());
        }
        return fitted;
    }
}
