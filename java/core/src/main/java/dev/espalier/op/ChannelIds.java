package dev.espalier.op;

import java.util.Arrays;

/**
 * The channel ids that one value carries: along each axis either one id per index, or nothing where the axis cannot lose indices. An
 * open axis of k indices per sample has k ids, which all samples repeat.
 *
 * <p>Two places with the same id (up to {@link ChannelTrace#unify}) lose the same channel together.
 */
public final class ChannelIds {
    private static final int[] FIXED = new int[0];

    private final int[][] axes;

    private ChannelIds(int[][] axes) {
        this.axes = axes;
    }

    /** No axis can lose indices. */
    public static ChannelIds fixed(int rank) {
        int[][] axes = new int[rank][];
        Arrays.fill(axes, FIXED);
        return new ChannelIds(axes);
    }

    /** The same ids but for one axis, which gets one id per index; an empty list makes the axis fixed. */
    public ChannelIds with(int axis, int... ids) {
        int[][] changed = axes.clone();
        changed[axis] = ids.clone();
        return new ChannelIds(changed);
    }

    /** The same ids but for one axis, which becomes fixed. */
    public ChannelIds without(int axis) {
        return with(axis, FIXED);
    }

    public int rank() {
        return axes.length;
    }

    /** Whether no axis can lose indices. */
    public boolean isFixed() {
        return Arrays.stream(axes).allMatch(ids -> ids.length == 0);
    }

    public boolean isFixed(int axis) {
        return axes[axis].length == 0;
    }

    /** One id per index of the axis, or an empty array where the axis is fixed. */
    public int[] at(int axis) {
        return axes[axis].clone();
    }

    @Override
    public String toString() {
        return Arrays.deepToString(axes);
    }
}
