package dev.espalier.op;

import dev.espalier.runtime.Shape;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What ONNX's recurrent layers share: X [time, batch, features], W [directions, gates * units, features], R [directions, gates * units,
 * units], optionally B [directions, 2 * gates * units] and the first state [directions, batch, units]; sequence lengths are refused. The
 * outputs are Y [time, directions, batch, units] and the last states [directions, batch, units].
 */
public interface Recurrence extends Op {
    /** Units of the state. */
    long units();

    Direction direction();

    /** Blocks of rows in W and R. */
    int gates();

    /** States that are handed on: 1, or 2 for an LSTM. */
    default int states() {
        return 1;
    }

    /** The same layer with so many units. */
    Op withUnits(long units);

    /**
     * One direction.
     *
     * @param x [time, batch, features], already turned for the reverse direction
     * @param w [gates * units, features]
     * @param r [gates * units, units]
     * @param b [2 * gates * units]
     * @param first states [1, batch, units]
     * @return outputs [time, batch, units], then the last states
     */
    List<Tensor> walk(Tensor x, Tensor w, Tensor r, Tensor b, List<Tensor> first);

    @Override
    default Set<Integer> weightInputs() {
        return Set.of(1, 2);
    }

    @Override
    default Optional<WeightAxes> weightAxes(int input, int rank) {
        return Optional.of(new WeightAxes(1, gates(), 2, 1));
    }

    @Override
    default List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 3, 5 + states());
        inputs.require(inputs.type(0).dtype().isFloating(), "takes floating numbers, got " + in.get(0));
        inputs.rank(0, 3, 3);
        inputs.require(!inputs.has(4), "sequence_lens is not supported; leave it out and pad the sequences");
        long n = direction().count();
        long rows = gates() * units();
        Shape x = inputs.shape(0);
        inputs.require(x.dim(0) >= 0 && x.dim(2) >= 0, "only the batch may be open, got " + x);
        shape(inputs, 1, "W", n, rows, x.dim(2));
        shape(inputs, 2, "R", n, rows, units());
        shape(inputs, 3, "B", n, 2 * rows);
        for (int i = 0; i < states(); i++) {
            shape(inputs, 5 + i, "the first state", n, x.dim(1), units());
        }
        List<TensorType> out = new ArrayList<>();
        out.add(in.get(0).withShape(x.dim(0), n, x.dim(1), units()));
        for (int i = 0; i < states(); i++) {
            out.add(in.get(0).withShape(n, x.dim(1), units()));
        }
        return out;
    }

    private static void shape(Inputs inputs, int index, String what, long... expected) {
        inputs.require(
                !inputs.has(index) || Arrays.equals(inputs.shape(index).toArray(), expected),
                what + " must have shape " + Arrays.toString(expected) + ", got "
                        + (inputs.has(index) ? inputs.shape(index) : ""));
    }

    /** Every step multiplies every gate's rows with the features and with the state. */
    @Override
    default Cost cost(List<TensorType> in, List<TensorType> out) {
        long steps = Math.max(in.get(0).dim(0), 1) * Math.max(Math.abs(in.get(0).dim(1)), 1);
        long products = in.get(1).numelPerSample() + in.get(2).numelPerSample();
        return Cost.of(steps * products, in, out);
    }

    @Override
    default List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        Tensor x = Inputs.present(in.get(0));
        Tensor w = Inputs.present(in.get(1));
        Tensor r = Inputs.present(in.get(2));
        Tensor b = Inputs.optional(in, 3);
        List<Tensor> outputs = new ArrayList<>();
        List<List<Tensor>> last = new ArrayList<>();
        for (int s = 0; s < states(); s++) {
            last.add(new ArrayList<>());
        }
        for (int d = 0; d < direction().count(); d++) {
            boolean reverse = direction() == Direction.REVERSE || d == 1;
            Tensor bias = b == null ? Tensor.zeros(x.dtype(), x.device(), 2L * gates() * units()) : b.select(0, d);
            List<Tensor> first = new ArrayList<>();
            for (int s = 0; s < states(); s++) {
                Tensor given = Inputs.optional(in, 5 + s);
                first.add(
                        given == null
                                ? Tensor.zeros(x.dtype(), x.device(), 1, x.size(1), units())
                                : given.narrow(0, d, 1));
            }
            Tensor turned = reverse ? x.flip(0) : x;
            List<Tensor> walked = walk(turned, w.select(0, d), r.select(0, d), bias, first);
            outputs.add(reverse ? walked.get(0).flip(0) : walked.get(0));
            for (int s = 0; s < states(); s++) {
                last.get(s).add(walked.get(1 + s));
            }
        }
        List<Tensor> out = new ArrayList<>();
        out.add(Tensor.stack(outputs, 1));
        last.forEach(states -> out.add(states.size() == 1 ? states.get(0) : Tensor.cat(states, 0)));
        return out;
    }

    /** Blocks of rows of W, R or B in another order. */
    static Tensor reordered(Tensor rows, long units, int... order) {
        List<Tensor> blocks = IntStream.of(order)
                .mapToObj(block -> rows.narrow(0, block * units, units))
                .toList();
        return Tensor.cat(blocks, 0);
    }

    /**
     * A unit goes with its row of every gate in W, R and B and its column of R, in both directions. Masked, its gates see zeros, and a
     * state that begins at zero stays there.
     */
    @Override
    default void trace(ChannelTrace trace) {
        for (int axis = 0; axis < 2; axis++) {
            trace.freeze(trace.ids(0).at(axis), "walks along an axis that carries channels");
        }
        if (!trace.isWeight(1) || !trace.isWeight(2) || (trace.has(3) && !trace.isWeight(3))) {
            trace.refuse("computes its weights");
            return;
        }
        trace.tie(trace.ids(0).at(2), trace.ids(1).at(2), "reads channels that are fixed");
        int[] units = ChannelRules.tieBlocks(trace, trace.ids(1).at(1), gates());
        trace.tie(
                units,
                ChannelRules.tieBlocks(trace, trace.ids(2).at(1), gates()),
                "has recurrent weights that are fixed");
        trace.tie(units, trace.ids(2).at(2), "has recurrent weights that are fixed");
        if (trace.has(3)) {
            trace.tie(
                    units, ChannelRules.tieBlocks(trace, trace.ids(3).at(1), 2 * gates()), "has a bias that is fixed");
        }
        boolean zero = true;
        for (int s = 0; s < states(); s++) {
            if (trace.has(5 + s)) {
                zero &= trace.isWeight(5 + s);
                trace.tie(units, trace.ids(5 + s).at(2), "starts from a state that is fixed");
            }
        }
        trace.produce(units);
        trace.output(0, ChannelIds.fixed(4).with(3, units));
        for (int s = 0; s < states() && s + 1 < trace.outputs(); s++) {
            trace.output(1 + s, ChannelIds.fixed(3).with(2, units));
        }
        if (zero) {
            IntStream.range(0, trace.outputs()).forEach(trace::vanishing);
        }
    }

    @Override
    default Op cut(ChannelCut cut) {
        return withUnits(ChannelCut.count(cut.keptOutput(0, 3)));
    }

    /** The attributes that all have. */
    default Attributes shared() {
        return Attributes.none()
                .with("hidden_size", units())
                .with("direction", direction().label());
    }

    static void refuseOptions(Attributes a) {
        if (a.has("clip") && a.real("clip", 0) != 0) {
            throw new UnsupportedOperatorException(a.type() + ": clip is not supported, leave it out");
        }
        a.mustBe("layout", 0);
        if (a.has("activation_alpha") || a.has("activation_beta")) {
            throw new UnsupportedOperatorException(a.type() + ": activations with settings are not supported");
        }
    }

    /** Refuses activations other than these, repeated for both directions. */
    static void activations(Attributes a, Direction direction, String... expected) {
        if (!a.has("activations")) {
            return;
        }
        List<String> given = a.texts("activations");
        boolean same = given.size() == expected.length * direction.count();
        for (int i = 0; same && i < given.size(); i++) {
            same = given.get(i).equalsIgnoreCase(expected[i % expected.length]);
        }
        if (!same) {
            throw new UnsupportedOperatorException(
                    a.type() + ": activations must be " + List.of(expected) + ", got " + given);
        }
    }
}
