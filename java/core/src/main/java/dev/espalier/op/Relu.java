package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** max(x, 0). */
public record Relu() implements Unary {
    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return Nn.relu(x);
    }

    @Override
    public boolean keepsZero() {
        return true;
    }

    @Override
    public boolean takesWholeNumbers() {
        return true;
    }
}
