package dev.espalier.op;

import java.util.Arrays;
import java.util.List;

/** Channel rules that several operators share. */
final class ChannelRules {
    /** One side of an elementwise pairing. */
    record Operand(TensorType type, ChannelIds ids) {}

    private ChannelRules() {}

    static Operand operand(ChannelTrace trace, int input) {
        return new Operand(trace.type(input), trace.ids(input));
    }

    /** Output 0 carries the ids of input 0 on its axes before {@code first}; the others slide or pool and stay whole. */
    static void passBefore(ChannelTrace trace, int first, String verb) {
        trace.freezeAxes(0, first, verb + " an axis that carries channels");
        ChannelIds in = trace.ids(0);
        ChannelIds out = ChannelIds.fixed(trace.outputType(0).rank());
        for (int axis = 0; axis < first; axis++) {
            out = out.with(axis, in.at(axis));
        }
        trace.output(0, out);
    }

    /** Ids of the broadcast of the operands: paired channels become one, those paired with something fixed freeze. */
    static ChannelIds broadcast(ChannelTrace trace, TensorType out, List<Operand> operands) {
        ChannelIds result = ChannelIds.fixed(out.rank());
        for (int axis = 0; axis < out.rank(); axis++) {
            result = result.with(axis, paired(trace, out, axis, operands));
        }
        return result;
    }

    private static int[] paired(ChannelTrace trace, TensorType out, int axis, List<Operand> operands) {
        String reason = "joins them with an operand that cannot lose channels on axis " + axis;
        int[] ids = new int[0];
        boolean fixed = false;
        for (Operand operand : operands) {
            int at = axis - (out.rank() - operand.type().rank());
            if (at < 0) {
                continue;
            }
            int[] own = operand.ids().at(at);
            if (operand.type().dim(at) != out.dim(axis)) {
                trace.freeze(own, "stretches a single channel over axis " + axis);
            } else if (own.length == 0) {
                fixed = true;
            } else {
                if (ids.length > 0) {
                    trace.unify(ids, own);
                }
                ids = own;
            }
        }
        if (!fixed) {
            return ids;
        }
        trace.freeze(ids, reason);
        return new int[0];
    }

    /** Every id {@code times} over in a row. */
    static int[] repeat(int[] ids, int times) {
        int[] out = new int[ids.length * times];
        for (int i = 0; i < out.length; i++) {
            out[i] = ids[i / times];
        }
        return out;
    }

    /**
     * Splits a list into equal blocks whose channels at equal places become one, so that all blocks keep equally many; returns the
     * first block.
     */
    static int[] tieBlocks(ChannelTrace trace, int[] ids, int blocks) {
        int size = ids.length / blocks;
        int[] first = Arrays.copyOf(ids, size);
        for (int block = 1; size > 0 && block < blocks; block++) {
            trace.unify(first, Arrays.copyOfRange(ids, block * size, (block + 1) * size));
        }
        return first;
    }

    /** A sum of products along an axis: sound where one side is a weight, whose slice vanishes with the channel. */
    static void contract(ChannelTrace trace, int[] a, int[] b) {
        if (trace.isWeight(0) || trace.isWeight(1)) {
            trace.tie(a, b, "reads channels that are fixed");
        } else {
            trace.freeze(a, "multiplies two computed values along their channels");
            trace.freeze(b, "multiplies two computed values along their channels");
        }
    }

    /** The outer axis of a matrix product that comes from a weight holds channels of this node's own. */
    static void produceWeighted(ChannelTrace trace, int[] rows, int[] columns) {
        if (trace.isWeight(0)) {
            trace.produce(rows);
        }
        if (trace.isWeight(1)) {
            trace.produce(columns);
        }
    }
}
