package dev.espalier.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Moves channel ids as a reshape moves elements: row by row.
 *
 * <p>Both shapes are cut into the shortest runs of axes with equal element counts. Where a run merges axes, an index of the merged axis
 * goes when one of its coordinates goes. Where it splits one, ids that depend on one new axis alone go to that axis; others are composed
 * of new ids of all the axes that they depend on, so that rows and columns can be removed, each as a whole. With the batch outermost a
 * run moves the elements of every sample alike, so one sample stands for all; else its ids freeze.
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
        for (int axis = 0; axis < from.rank(); axis++) {
            if (from.dim(axis) == 1) {
                trace.freeze(ids.at(axis), "has this channel alone on axis " + axis);
            }
        }
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
        return type.dim(axis) < 0 ? -type.dim(axis) * BATCH : type.dim(axis);
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
        boolean open = total % BATCH == 0;
        long each = open ? total / BATCH : total;
        boolean samplesStayWhole = !open || (from.dim(in.get(0)) < 0 && to.dim(out.get(0)) < 0);
        if (!samplesStayWhole || each > Integer.MAX_VALUE) {
            carrying.forEach(axis -> trace.freeze(ids.at(axis), "merges or splits their axis with the batch"));
            return;
        }
        List<List<int[]>> layers = new ArrayList<>();
        out.forEach(axis -> layers.add(new ArrayList<>()));
        int[] sizes =
                out.stream().mapToInt(axis -> (int) Math.abs(to.dim(axis))).toArray();
        for (int axis : carrying) {
            place(flatten(in, axis, (int) each), sizes, layers);
        }
        for (int i = 0; i < sizes.length; i++) {
            if (!layers.get(i).isEmpty()) {
                moved = moved.with(out.get(i), all(layers.get(i)));
            }
        }
    }

    /** One id per index that goes when the index goes from any of the layers. */
    private int[] all(List<int[]> layers) {
        if (layers.size() == 1) {
            return layers.get(0);
        }
        int[] whole = trace.fresh(layers.get(0).length);
        trace.compose(whole, layers);
        return whole;
    }

    /** For all elements of a run, in order, the id on one of its axes. */
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

    /** Gives the ids of all elements to the axes that they depend on. */
    private void place(int[] flat, int[] sizes, List<List<int[]>> layers) {
        int[] strides = new int[sizes.length];
        int inner = 1;
        for (int i = sizes.length - 1; i >= 0; i--) {
            strides[i] = inner;
            inner *= sizes[i];
        }
        List<Integer> depends = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            if (varies(flat, strides[i], sizes[i])) {
                depends.add(i);
            }
        }
        if (depends.size() <= 1) {
            int axis = depends.isEmpty() ? sizes.length - 1 : depends.get(0);
            int[] slices = new int[sizes[axis]];
            for (int c = 0; c < slices.length; c++) {
                slices[c] = flat[c * strides[axis]];
            }
            layers.get(axis).add(slices);
            return;
        }
        List<int[]> spread = new ArrayList<>();
        for (int axis : depends) {
            int[] own = trace.fresh(sizes[axis]);
            layers.get(axis).add(own);
            int[] along = new int[flat.length];
            Arrays.setAll(along, k -> own[k / strides[axis] % own.length]);
            spread.add(along);
        }
        trace.compose(flat, spread);
    }

    /** Whether elements that differ in one coordinate alone have different ids. */
    private boolean varies(int[] flat, int stride, int length) {
        for (int k = 0; k < flat.length; k++) {
            int first = k - k / stride % length * stride;
            if (flat[k] != flat[first] && !trace.same(flat[k], flat[first])) {
                return true;
            }
        }
        return false;
    }
}
