package dev.espalier.manifest.text;

import java.util.Arrays;

/** A tokenizer of which only some ids are left, numbered from 0 in their old order. */
final class KeptRows implements Tokenizer {
    private final Tokenizer whole;
    private final int[] kept;
    private final int[] renumbered;

    KeptRows(Tokenizer whole, int[] kept) {
        requireRows(whole, kept);
        this.whole = whole;
        this.kept = kept.clone();
        this.renumbered = new int[whole.vocabulary()];
        Arrays.fill(renumbered, Arrays.binarySearch(kept, whole.unknown()));
        for (int row = 0; row < kept.length; row++) {
            renumbered[kept[row]] = row;
        }
    }

    /** Refuses rows that are not ascending ids of a tokenizer, or that lack padding or unknown. */
    static void requireRows(Tokenizer tokenizer, int[] kept) {
        int before = -1;
        for (int id : kept) {
            if (id <= before || id >= tokenizer.vocabulary()) {
                throw new IllegalArgumentException("the kept rows of a vocabulary must be ascending ids below "
                        + tokenizer.vocabulary() + ", got " + id + " after " + before);
            }
            before = id;
        }
        for (int id : new int[] {tokenizer.padding(), tokenizer.unknown()}) {
            if (Arrays.binarySearch(kept, id) < 0) {
                throw new IllegalArgumentException("row " + id + " of the vocabulary, '" + tokenizer.token(id)
                        + "', must be kept: every tokenizer needs it");
            }
        }
    }

    @Override
    public int[] ids(String text) {
        return renumber(whole.ids(text));
    }

    @Override
    public int[] ids(String text, int length) {
        return renumber(whole.ids(text, length));
    }

    private int[] renumber(int[] ids) {
        return Arrays.stream(ids).map(id -> renumbered[id]).toArray();
    }

    @Override
    public int vocabulary() {
        return kept.length;
    }

    @Override
    public int padding() {
        return renumbered[whole.padding()];
    }

    @Override
    public int unknown() {
        return renumbered[whole.unknown()];
    }

    @Override
    public String token(int id) {
        return whole.token(kept[id]);
    }
}
