package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** x where positive, {@code alpha * (exp(x / alpha) - 1)} elsewhere. */
public record Celu(float alpha) implements Unary {
    static Celu of(Attributes a) {
        return new Celu(a.only("alpha").real("alpha", 1f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("alpha", alpha).asMap();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return Nn.elu(x.div(alpha), 1).mul(alpha);
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
