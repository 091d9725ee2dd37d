package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.Map;

/** The input itself. */
public record Identity() implements Unary {
    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return x;
    }
}
