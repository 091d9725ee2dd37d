package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** x where positive, {@code alpha * (exp(x) - 1)} elsewhere. */
public record Elu(float alpha) implements Unary {
    static Elu of(Attributes a) {
        return new Elu(a.only("alpha").real("alpha", 1f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("alpha", alpha).asMap();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return Nn.elu(x, alpha);
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
