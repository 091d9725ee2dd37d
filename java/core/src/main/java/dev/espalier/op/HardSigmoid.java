package dev.espalier.op;

import dev.espalier.runtime.Tensor;
import java.util.Map;

/** {@code alpha * x + beta} limited to [0, 1]. */
public record HardSigmoid(float alpha, float beta) implements Unary {
    static HardSigmoid of(Attributes a) {
        a.only("alpha", "beta");
        return new HardSigmoid(a.real("alpha", 0.2f), a.real("beta", 0.5f));
    }

    @Override
    public Map<String, Attribute> attributes() {
        return Attributes.none().with("alpha", alpha).with("beta", beta).asMap();
    }

    @Override
    public Tensor apply(Evaluation context, Tensor x) {
        return x.mul(alpha).add(beta).clamp(0, 1);
    }
}
