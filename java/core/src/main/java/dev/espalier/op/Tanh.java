package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** Hyperbolic tangent. */
public record Tanh() implements Unary {
    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return Nn.tanh(x);
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
