package dev.espalier.op;

/** What a removal of channels leaves of the values around one node; axes count from the end when negative. */
public interface ChannelCut {
    /** For every index along the axis of an input, of one sample where the axis is open, whether it stays. */
    boolean[] keptInput(int input, int axis);

    /** For every index along the axis of an output, of one sample where the axis is open, whether it stays. */
    boolean[] keptOutput(int output, int axis);

    /** How many indices of the list stay. */
    static int count(boolean[] kept) {
        return count(kept, 0, kept.length);
    }

    /** How many of the indices from {@code from} up to {@code to} stay. */
    static int count(boolean[] kept, int from, int to) {
        int n = 0;
        for (int i = from; i < to; i++) {
            n += kept[i] ? 1 : 0;
        }
        return n;
    }
}
