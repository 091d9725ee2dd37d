package dev.espalier.op;

import java.util.ArrayList;
import java.util.List;

/**
 * Moves channel ids as a reshape moves elements: row by row.
 *
 * <p>Both shapes are cut into the shortest runs of axes with equal element counts. Where a run merges axes, the ids repeat or
 * alternate along the merged axis. Where it splits one, the ids go to the axis along which they are constant; if there is none, whole
 * slices of the longest axis become one channel each, as a channel shuffle needs.
 */
final class RowMajorMove {
    /** Stands for the open batch; a prime that no product of the other sizes can imitate. */
    private static final long BATCH = 2_147_483_647L;

    private final ChannelTrace trace;
    private final TensorType from;
    private final TensorType to;
    private final ChannelIds ids;
    private ChannelIds moved;

    private RowMajorMove(ChannelTrace trace) {
        this.trace = trace;
        this.from = trace.type(0);
        this.to = trace.outputType(0);
        this.ids = trace.ids(0);
        this.moved = ChannelIds.fixed(to.rank());
    }

    /** Says the ids of output 0, which holds the elements of input 0 in row-major order under another shape. */
    static void apply(ChannelTrace trace) {
        RowMajorMove move = new RowMajorMove(trace);
        move.walk();
        trace.moved(0, move.moved);
    }

    private void walk() {
        List<Integer> a = wide(from);
        List<Integer> b = wide(to);
        int i = a.size() - 1;
        int j = b.size() - 1;
        while (i >= 0 && j >= 0) {
            int lastA = i;
            int lastB = j;
            long left = size(from, a.get(i));
            long right = size(to, b.get(j));
            while (left != right) {
                if (left < right) {
                    left *= size(from, a.get(--i));
                } else {
                    right *= size(to, b.get(--j));
                }
            }
            run(a.subList(i, lastA + 1), b.subList(j, lastB + 1), left);
            i--;
            j--;
        }
    }

    /** Axes of a size other than 1: the others hold nothing that could move. */
    private static List<Integer> wide(TensorType type) {
        List<Integer> axes = new ArrayList<>();
        for (int axis = 0; axis < type.rank(); axis++) {
            if (type.dim(axis) != 1) {
                axes.add(axis);
            }
        }
        return axes;
    }

    private static long size(TensorType type, int axis) {
        return type.dim(axis) == -1 ? BATCH : type.dim(axis);
    }

    private void run(List<Integer> in, List<Integer> out, long total) {
        List<Integer> carrying = in.stream().filter(axis -> !ids.isFixed(axis)).toList();
        if (carrying.isEmpty()) {
            return;
        }
        if (in.size() == 1 && out.size() == 1) {
            moved = moved.with(out.get(0), ids.at(in.get(0)));
            return;
        }
        if (carrying.size() > 1 || total % BATCH == 0) {
            String what = carrying.size() > 1 ? "two axes that both carry channels" : "their axis with the batch";
            carrying.forEach(axis -> trace.freeze(ids.at(axis), "merges or splits " + what));
            return;
        }
        int[] flat = flatten(in, carrying.get(0), (int) total);
        if (out.size() == 1) {
            moved = moved.with(out.get(0), flat);
        } else {
            split(out, flat);
        }
    }

    /** The ids of all elements of a run, in order. */
    private int[] flatten(List<Integer> axes, int carrying, int total) {
        int[] own = ids.at(carrying);
        int inner = 1;
        for (int axis : axes) {
            inner *= axis > carrying ? (int) from.dim(axis) : 1;
        }
        int[] flat = new int[total];
        for (int k = 0; k < total; k++) {
            flat[k] = own[k / inner % own.length];
        }
        return flat;
    }

    private void split(List<Integer> axes, int[] flat) {
        int[] strides = new int[axes.size()];
        int inner = 1;
        for (int i = axes.size() - 1; i >= 0; i--) {
            strides[i] = inner;
            inner *= (int) to.dim(axes.get(i));
        }
        int best = -1;
        for (int i = 0; i < axes.size(); i++) {
            int length = (int) to.dim(axes.get(i));
            if (constantAlong(flat, strides[i], length)) {
                moved = moved.with(axes.get(i), slices(flat, strides[i], length));
                return;
            }
            best = best < 0 || length >= to.dim(axes.get(best)) ? i : best;
        }
        int length = (int) to.dim(axes.get(best));
        int[] firsts = slices(flat, strides[best], length);
        int[] repeated = new int[flat.length];
        for (int k = 0; k < flat.length; k++) {
            repeated[k] = firsts[k / strides[best] % length];
        }
        trace.unify(flat, repeated);
        moved = moved.with(axes.get(best), firsts);
    }

    /** Whether all elements at one coordinate have the same id. */
    private static boolean constantAlong(int[] flat, int stride, int length) {
        int[] firsts = slices(flat, stride, length);
        for (int k = 0; k < flat.length; k++) {
            if (flat[k] != firsts[k / stride % length]) {
                return false;
            }
        }
        return true;
    }

    /** The first id at each coordinate. */
    private static int[] slices(int[] flat, int stride, int length) {
        int[] firsts = new int[length];
        for (int c = 0; c < length; c++) {
            firsts[c] = flat[c * stride];
        }
        return firsts;
    }
}
