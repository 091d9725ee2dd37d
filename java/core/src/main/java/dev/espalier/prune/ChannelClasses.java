package dev.espalier.prune;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Disjoint classes of ids, joined two by two; a class may be composed of others and then goes exactly when one of these goes.
 *
 * <p>Composition is what a split axis needs: row i and column j of a matrix lie at index (i, j) of the flat axis, which goes with the row
 * or with the column.
 */
final class ChannelClasses {
    private int[] parents = new int[64];
    private int size;
    /** By representative, the ids that the class is composed of. */
    private final Map<Integer, int[]> parts = new HashMap<>();

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

    int size() {
        return size;
    }

    /** From now on both are one class. Two compositions become one by joining what they are composed of. */
    void join(int a, int b) {
        Deque<int[]> pairs = new ArrayDeque<>();
        pairs.add(new int[] {a, b});
        while (!pairs.isEmpty()) {
            int[] pair = pairs.remove();
            int ra = find(pair[0]);
            int rb = find(pair[1]);
            if (ra != rb) {
                int root = Math.min(ra, rb);
                parents[Math.max(ra, rb)] = root;
                int[] first = parts.remove(ra);
                int[] second = parts.remove(rb);
                int[] kept = first == null ? second : first;
                if (kept != null) {
                    parts.put(root, kept);
                }
                if (first != null && second != null) {
                    pair(first, second, pairs);
                }
            }
        }
    }

    /** Says that an id goes exactly when one of the others goes. */
    void compose(int id, int[] of) {
        int whole = add();
        parts.put(whole, of.clone());
        join(id, whole);
    }

    /** What two compositions share needs no joining; the rest is joined by position, or all of it where the counts differ. */
    private void pair(int[] first, int[] second, Deque<int[]> pairs) {
        int[] a = distinct(first);
        int[] b = distinct(second);
        int[] onlyA = IntStream.of(a).filter(id -> !contains(b, id)).toArray();
        int[] onlyB = IntStream.of(b).filter(id -> !contains(a, id)).toArray();
        if (onlyA.length == onlyB.length) {
            for (int i = 0; i < onlyA.length; i++) {
                pairs.add(new int[] {onlyA[i], onlyB[i]});
            }
        } else {
            IntStream.concat(IntStream.of(a), IntStream.of(b)).forEach(id -> pairs.add(new int[] {a[0], id}));
        }
    }

    private int[] distinct(int[] ids) {
        return IntStream.of(ids).map(this::find).distinct().toArray();
    }

    private static boolean contains(int[] ids, int id) {
        return IntStream.of(ids).anyMatch(i -> i == id);
    }

    /** The classes of which one must go for this id to go: its own, or in the end those that it is composed of. */
    int[] leaves(int id) {
        int root = find(id);
        if (!parts.containsKey(root)) {
            return new int[] {root};
        }
        BitSet seen = new BitSet();
        BitSet leaves = new BitSet();
        Deque<Integer> open = new ArrayDeque<>(List.of(root));
        while (!open.isEmpty()) {
            int at = find(open.remove());
            if (!seen.get(at)) {
                seen.set(at);
                int[] inner = parts.get(at);
                if (inner == null) {
                    leaves.set(at);
                } else {
                    IntStream.of(inner).forEach(open::add);
                }
            }
        }
        return leaves.stream().toArray();
    }

    /** Dissolves compositions that contain themselves: all that such a one is composed of goes together. */
    void settle() {
        for (boolean changed = true; changed; ) {
            changed = false;
            for (int root : new ArrayList<>(parts.keySet())) {
                int[] inner = parts.get(root);
                if (inner != null && reaches(inner, root)) {
                    parts.remove(root);
                    IntStream.of(inner).forEach(part -> join(root, part));
                    changed = true;
                }
            }
        }
    }

    private boolean reaches(int[] from, int target) {
        BitSet seen = new BitSet();
        Deque<Integer> open = new ArrayDeque<>();
        IntStream.of(from).forEach(open::add);
        while (!open.isEmpty()) {
            int at = find(open.remove());
            if (at == find(target)) {
                return true;
            }
            if (!seen.get(at)) {
                seen.set(at);
                IntStream.of(parts.getOrDefault(at, new int[0])).forEach(open::add);
            }
        }
        return false;
    }
}
