package dev.espalier.op;

import dev.espalier.runtime.RecurrentCell;
import dev.espalier.runtime.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A layer of simple recurrent units (Elman 1990) with tanh or relu. */
public record RNN(long units, Direction direction, boolean relu) implements Recurrence {
    static RNN of(Attributes a) {
        a.only("hidden_size", "direction", "activations", "activation_alpha", "activation_beta", "clip", "layout");
        Recurrence.refuseOptions(a);
        Direction direction = Direction.of(a);
        boolean relu = a.has("activations") && a.texts("activations").get(0).equalsIgnoreCase("Relu");
        Recurrence.activations(a, direction, relu ? "Relu" : "Tanh");
        return new RNN(a.integer("hidden_size", 0), direction, relu);
    }

    @Override
    public Map<String, Attribute> attributes() {
        if (!relu) {
            return shared().asMap();
        }
        return shared().with("activations", new Attribute.Strs(Collections.nCopies(direction.count(), "Relu")))
                .asMap();
    }

    @Override
    public int gates() {
        return 1;
    }

    @Override
    public Op withUnits(long left) {
        return new RNN(left, direction, relu);
    }

    @Override
    public List<Tensor> walk(Tensor x, Tensor w, Tensor r, Tensor b, List<Tensor> first) {
        List<Tensor> weights = List.of(w, r, b.narrow(0, 0, units), b.narrow(0, units, units));
        return (relu ? RecurrentCell.RELU : RecurrentCell.TANH).run(x, first.get(0), null, weights);
    }
}
