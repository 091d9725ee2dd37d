package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** x * max(0, min(1, x / 6 + 1 / 2)). */
public record HardSwish() implements Unary {
    @Override
    public Map<String, Attribute> attributes() {
        return Map.of();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return Nn.hardSwish(x);
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
