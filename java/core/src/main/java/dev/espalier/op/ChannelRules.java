package dev.espalier.op;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Channel rules that several operators share. */
final class ChannelRules {
    /** One side of an elementwise pairing. */
    record Operand(TensorType type, ChannelIds ids, boolean vanishes) {
        /** Whether the operand has an index of its own for every index of the output's axis. */
        private boolean carries(TensorType out, int axis) {
            int at = axis - (out.rank() - type.rank());
            return at >= 0 && type.dim(at) == out.dim(axis) && !ids.isFixed(at);
        }
    }

    private ChannelRules() {}

    static Operand operand(ChannelTrace trace, int input) {
        return new Operand(trace.type(input), trace.ids(input), trace.vanishes(input));
    }

    static List<Operand> operands(ChannelTrace trace, int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> operand(trace, i)).toList();
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
        if (trace.vanishes(0)) {
            trace.vanishing(0);
        }
    }

    /** Whether a sum of broadcast operands vanishes: all of them must, on every axis that loses indices. */
    static boolean sumVanishes(TensorType out, ChannelIds ids, List<Operand> operands) {
        return operands.stream()
                .allMatch(operand -> operand.vanishes()
                        && IntStream.range(0, out.rank())
                                .allMatch(axis -> ids.isFixed(axis) || operand.carries(out, axis)));
    }

    /** Whether a product of broadcast operands vanishes: on every axis that loses indices one of them must. */
    static boolean productVanishes(TensorType out, ChannelIds ids, List<Operand> operands) {
        return IntStream.range(0, out.rank())
                .allMatch(axis -> ids.isFixed(axis)
                        || operands.stream().anyMatch(operand -> operand.vanishes() && operand.carries(out, axis)));
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

    /** A sum of products along an axis: sound where one side vanishes with the channel, as a weight's slice does. */
    static void contract(ChannelTrace trace, int[] a, int[] b) {
        if (trace.vanishes(0) || trace.vanishes(1)) {
            trace.tie(a, b, "reads channels that are fixed");
        } else {
            String reason = "sums products of two values over channels that masking leaves different from zero";
            trace.freeze(a, reason);
            trace.freeze(b, reason);
        }
    }

    /** Whether the outer axes of a matrix product vanish: each comes from one operand. */
    static boolean outerVanishes(ChannelTrace trace, int[] rows, int[] columns) {
        return (rows.length == 0 || trace.vanishes(0)) && (columns.length == 0 || trace.vanishes(1));
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
