package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** x where positive, {@code alpha * x} elsewhere. */
public record LeakyRelu(float alpha) implements Unary {
    static LeakyRelu of(Attributes a) {
        return new LeakyRelu(a.only("alpha").real("alpha", 0.01f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("alpha", alpha).asMap();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return Nn.leakyRelu(x, alpha);
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
