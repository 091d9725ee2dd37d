package dev.espalier.prune;

import java.util.Arrays;

/** Disjoint classes of ids, joined two by two. */
final class UnionFind {
    private int[] parents = new int[64];
    private int size;

    /** A new id, alone in its class. */
    int add() {
        if (size == parents.length) {
            parents = Arrays.copyOf(parents, 2 * size);
        }
        parents[size] = size;
        return size++;
    }

    /** The representative of a class: its smallest id, whatever the order of the joins. */
    int find(int id) {
        int at = id;
        while (parents[at] != at) {
            parents[at] = parents[parents[at]];
            at = parents[at];
        }
        return at;
    }

    void join(int a, int b) {
        int ra = find(a);
        int rb = find(b);
        parents[Math.max(ra, rb)] = Math.min(ra, rb);
    }

    int size() {
        return size;
    }
}
