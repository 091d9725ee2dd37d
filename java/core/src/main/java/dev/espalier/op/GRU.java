package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.RecurrentCell;
import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A layer of gated recurrent units (Cho et al., arXiv 1406.1078), gates in the order update, reset, hidden.
 *
 * @param resetAfter whether the reset gate acts on the recurrent product with its bias (linear_before_reset), as in cuDNN and PyTorch
 */
public record GRU(long units, Direction direction, boolean resetAfter) implements Recurrence {
    static GRU of(Attributes a) {
        a.only(
                "hidden_size",
                "direction",
                "activations",
                "activation_alpha",
                "activation_beta",
                "clip",
                "linear_before_reset",
                "layout");
        Recurrence.refuseOptions(a);
        Direction direction = Direction.of(a);
        Recurrence.activations(a, direction, "Sigmoid", "Tanh");
        return new GRU(a.integer("hidden_size", 0), direction, a.flag("linear_before_reset", false));
    }

    /** A layer that walks forward, or both ways. */
    public static GRU of(long units, boolean bothWays) {
        return new GRU(units, bothWays ? Direction.BIDIRECTIONAL : Direction.FORWARD, true);
    }

    @Override
    public Map<String, Attribute> attributes() {
        return shared().with("linear_before_reset", resetAfter ? 1 : 0).asMap();
    }

    @Override
    public int gates() {
        return 3;
    }

    @Override
    public Op withUnits(long left) {
        return new GRU(left, direction, resetAfter);
    }

    @Override
    public List<Tensor> walk(Tensor x, Tensor w, Tensor r, Tensor b, List<Tensor> first) {
        long rows = 3 * units;
        Tensor inputBias = b.narrow(0, 0, rows);
        Tensor recurrentBias = b.narrow(0, rows, rows);
        if (!resetAfter) {
            return resetBefore(x, w, r, inputBias, recurrentBias, first.get(0).select(0, 0));
        }
        int[] order = {1, 0, 2};
        List<Tensor> weights = List.of(
                Recurrence.reordered(w, units, order),
                Recurrence.reordered(r, units, order),
                Recurrence.reordered(inputBias, units, order),
                Recurrence.reordered(recurrentBias, units, order));
        return RecurrentCell.GRU.run(x, first.get(0), null, weights);
    }

    /** The form of the paper, which libtorch does not have: the reset gate acts on the state before the product. */
    private List<Tensor> resetBefore(
            Tensor x, Tensor w, Tensor r, Tensor inputBias, Tensor recurrentBias, Tensor first) {
        Tensor fromInput = Nn.linear(x, w, inputBias.add(recurrentBias));
        Tensor state = first;
        Tensor gatesRow = r.narrow(0, 0, 2 * units);
        Tensor hiddenRow = r.narrow(0, 2 * units, units);
        List<Tensor> outputs = new ArrayList<>();
        for (long t = 0; t < x.size(0); t++) {
            Tensor in = fromInput.select(0, t);
            Tensor gates = Nn.sigmoid(in.narrow(1, 0, 2 * units).add(Nn.linear(state, gatesRow, null)));
            Tensor update = gates.narrow(1, 0, units);
            Tensor reset = gates.narrow(1, units, units);
            Tensor hidden = Nn.tanh(in.narrow(1, 2 * units, units).add(Nn.linear(reset.mul(state), hiddenRow, null)));
            state = hidden.add(update.mul(state.sub(hidden)));
            outputs.add(state);
        }
        return List.of(Tensor.stack(outputs, 0), state.unsqueeze(0));
    }
}
