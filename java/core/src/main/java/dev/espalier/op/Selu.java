package dev.espalier.op;

import dev.espalier.runtime.Nn;
import dev.espalier.runtime.Tensor;
import java.util.Map;

/** gamma * x where positive, {@code gamma * alpha * (exp(x) - 1)} elsewhere (Klambauer et al., arXiv 1706.02515). */
public record Selu(float alpha, float gamma) implements Unary {
    static Selu of(Attributes a) {
        a.only("alpha", "gamma");
        return new Selu(a.real("alpha", 1.6732632f), a.real("gamma", 1.050701f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("alpha", alpha).with("gamma", gamma).asMap();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return Nn.elu(x, alpha).mul(gamma);
    }

    @Override
    public boolean keepsZero() {
        return true;
    }
}
