package dev.espalier.op;

import java.util.List;

/**
 * What the channel rule of one node sees and says while the graph runs on channel ids instead of numbers.
 *
 * <p>Parameters carry ids on every axis, so that a rule ties weights to activations by {@link #unify}; activations carry ids only
 * where a node has {@link #produce produced} channels. A rule that says nothing about an output leaves it fixed.
 */
public interface ChannelTrace {
    /** Number of input positions of the node. */
    int inputs();

    /** Number of outputs of the node. */
    int outputs();

    /** False where an optional input is left out. */
    boolean has(int input);

    /** Type of an input. */
    TensorType type(int input);

    /** Type of an output. */
    TensorType outputType(int output);

    /** Ids of an input. */
    ChannelIds ids(int input);

    /**
     * True where the input is a parameter, or elements of one merely moved: removing a channel from the parameter makes exactly this
     * slice vanish, and zeroing it makes exactly this slice zero.
     */
    boolean isWeight(int input);

    /**
     * True where every index of the input that goes is exactly zero in the masked network, in which all slices of all parameters that
     * belong to it are zero. Then sums over such an axis do not change when it gets shorter.
     */
    boolean vanishes(int input);

    /** Ids of an output. */
    void output(int output, ChannelIds ids);

    /** States that what goes of an output is exactly zero in the masked network; a rule that does not say so leaves it open. */
    void vanishing(int output);

    /** Ids of output 0, which holds the elements of {@code input} in other places and nothing else. */
    void moved(int input, ChannelIds ids);

    /** New ids that nothing else carries. */
    int[] fresh(int count);

    /** The channel at each position of {@code whole} goes exactly when the one at this position of some list goes. */
    void compose(int[] whole, List<int[]> of);

    /** Whether two ids are known to be one channel. */
    boolean same(int a, int b);

    /** The channels at equal positions of two lists of equal length are one channel from now on. */
    void unify(int[] a, int[] b);

    /** These are the node's own output channels: they may be pruned unless something freezes them. */
    void produce(int[] ids);

    /** These channels must stay; the reason completes the sentence "node … (Op) …". */
    void freeze(int[] ids, String reason);

    /**
     * The node's result changes by nature when some of these channels go, because what it computes depends on their number or on all of
     * them, as the statistics of a normalisation do; {@link Op#masked} then says what the compacted network is to be compared with. The
     * reason completes the sentence "node … (Op) …".
     */
    void approximates(int[] ids, String reason);

    /** Freezes the channels of all inputs, for the same kind of reason, and leaves the outputs fixed. */
    default void refuse(String reason) {
        for (int i = 0; i < inputs(); i++) {
            if (has(i)) {
                freezeAxes(i, 0, reason);
            }
        }
    }

    /** Freezes the channels of one input on all axes from {@code first} on. */
    default void freezeAxes(int input, int first, String reason) {
        ChannelIds ids = ids(input);
        for (int axis = first; axis < ids.rank(); axis++) {
            freeze(ids.at(axis), reason);
        }
    }

    /** Unifies where both sides can lose channels; where one side is fixed, freezes the other for the given reason. */
    default void tie(int[] a, int[] b, String reason) {
        if (a.length > 0 && b.length > 0) {
            unify(a, b);
        } else {
            freeze(a, reason);
            freeze(b, reason);
        }
    }
}
