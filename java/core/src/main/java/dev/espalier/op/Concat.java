package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The inputs one after the other along one axis. */
public record Concat(long axis) implements Op {
    static Concat of(Attributes a) {
        if (!a.only("axis").has("axis")) {
            throw new UnsupportedOperatorException("Concat: attribute 'axis' is missing");
        }
        return new Concat(a.integer("axis", 0));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("axis", axis).asMap();
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        Inputs inputs = Inputs.of(this, in, 1, Integer.MAX_VALUE);
        inputs.sameType();
        long[] out = inputs.shape(0).toArray();
        int along = inputs.axis(axis, out.length);
        inputs.known(0, along);
        for (int i = 1; i < in.size(); i++) {
            inputs.require(inputs.has(i), "input " + i + " is missing");
            long[] more = inputs.shape(i).toArray();
            inputs.require(
                    more.length == out.length,
                    "input " + i + " must have rank " + out.length + ", got " + inputs.shape(i));
            for (int d = 0; d < out.length; d++) {
                inputs.require(
                        d == along || more[d] == out[d],
                        "dimension " + d + " of input " + i + " must be " + out[d] + " as in input 0, got "
                                + inputs.shape(i));
            }
            inputs.known(i, along);
            out[along] += more[along];
        }
        return List.of(in.get(0).withShape(out));
    }

    @Override
    public List<Tensor> evaluate(Evaluation context, List<@Nullable Tensor> in) {
        List<Tensor> parts = new ArrayList<>();
        for (Tensor t : in) {
            parts.add(Inputs.present(t));
        }
        return List.of(Tensor.cat(parts, (int) axis));
    }
}
