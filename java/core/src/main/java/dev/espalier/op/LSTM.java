package dev.espalier.op;

import dev.espalier.runtime.RecurrentCell;
import dev.espalier.runtime.Tensor;
import java.util.List;
import java.util.Map;

/** A layer of long short-term memory (Hochreiter and Schmidhuber 1997), gates in the order input, output, forget, cell; no peepholes. */
public record LSTM(long units, Direction direction) implements Recurrence {
    static LSTM of(Attributes a) {
        a.only(
                "hidden_size",
                "direction",
                "activations",
                "activation_alpha",
                "activation_beta",
                "clip",
                "input_forget",
                "layout");
        Recurrence.refuseOptions(a.mustBe("input_forget", 0));
        Direction direction = Direction.of(a);
        Recurrence.activations(a, direction, "Sigmoid", "Tanh", "Tanh");
        return new LSTM(a.integer("hidden_size", 0), direction);
    }

    /** A layer that walks forward, or both ways. */
    public static LSTM of(long units, boolean bothWays) {
        return new LSTM(units, bothWays ? Direction.BIDIRECTIONAL : Direction.FORWARD);
    }

    @Override
    public Map<String, Attribute> attributes() {
        return shared().asMap();
    }

    @Override
    public int gates() {
        return 4;
    }

    @Override
    public int states() {
        return 2;
    }

    @Override
    public Op withUnits(long left) {
        return new LSTM(left, direction);
    }

    @Override
    public List<Tensor> walk(Tensor x, Tensor w, Tensor r, Tensor b, List<Tensor> first) {
        int[] order = {0, 2, 3, 1};
        long rows = 4 * units;
        List<Tensor> weights = List.of(
                Recurrence.reordered(w, units, order),
                Recurrence.reordered(r, units, order),
                Recurrence.reordered(b.narrow(0, 0, rows), units, order),
                Recurrence.reordered(b.narrow(0, rows, rows), units, order));
        return RecurrentCell.LSTM.run(x, first.get(0), first.get(1), weights);
    }
}
